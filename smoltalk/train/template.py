"""The chat template that rows are written with: where it is from, whether it marks answers, how it ends them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smoltalk.errors import FactoryError, WorldError
from smoltalk.train.recipe import Recipe

MARKS = "{% generation %}"


@dataclass(frozen=True, slots=True)
class Template:
    """A tokenizer with the template that rows are written with."""

    tokenizer: Any
    training: str | None
    """What TRL trains with where it is not the template that is saved; None where they are one."""
    served: str | None
    masks: bool
    """Whether only the assistant's tokens are learned."""
    completes: bool = False
    """Whether rows are plain texts, which need no template."""


def prepared(recipe: Recipe, conversational: bool) -> Template:
    """The tokenizer of the recipe's model, with the template that TRL will use.

    Raises `UserError` where there is no tokenizer, no template, or none with the marks `assistant_only_loss` needs.
    """
    tokenizer = _tokenizer(recipe)
    path = recipe.value("chat_template_path", None)
    if path is not None:
        _take_over(recipe, str(path), tokenizer)
    masks = bool(recipe.value("assistant_only_loss", False))
    if not conversational:
        return Template(tokenizer, None, None, False, True)
    served = tokenizer.chat_template
    if served is None:
        hint = "name a .jinja file, or a model that has one: chat_template_path" if recipe.kind == "sft" else (
            "train the model with `smoltalk train sft` first, or save a template with it"
        )  # fmt: skip
        raise recipe.problem("model_name_or_path", f"the tokenizer of {_model(recipe)} has no chat template", hint)
    return Template(tokenizer, _marked(recipe, tokenizer) if masks else None, served, masks)


def _tokenizer(recipe: Recipe) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(
            recipe.model,
            revision=recipe.value("model_revision", "main"),
            trust_remote_code=recipe.value("trust_remote_code", False),
        )
    except (OSError, ValueError) as error:
        raise _unread(recipe, str(error).partition("\n")[0][:200]) from error


def positions(recipe: Recipe) -> int | None:
    """Tokens that the model was made for, as its configuration says; None where it says nothing."""
    from transformers import AutoConfig

    try:
        told = AutoConfig.from_pretrained(
            recipe.model,
            revision=recipe.value("model_revision", "main"),
            trust_remote_code=recipe.value("trust_remote_code", False),
        )
    except (OSError, ValueError):  # whoever loads the model says it
        return None
    found = getattr(told.get_text_config(), "max_position_embeddings", None)
    return found if isinstance(found, int) else None


def _unread(recipe: Recipe, said: str) -> FactoryError:
    """Why a tokenizer could not be read: the Hub is out of reach, wants to know who asks, or there is none."""
    sentence = f"no tokenizer can be read from {_model(recipe)}: {said}"
    if "connect" in said.lower() or "offline" in said.lower():
        place = f"{recipe.path}:{recipe.document.line(('model_name_or_path',))}"
        return WorldError(
            f"{place}  {sentence}", command="the same, when the Hub answers; or with a folder as `model_name_or_path`"
        )
    hint = "a folder that `save_pretrained` wrote, or a name on the Hub"
    if "gated" in said.lower() or "private" in said.lower():
        hint = f"ask for access at hf.co/{recipe.given['model_name_or_path']}, and log in: hf auth login"
    return recipe.problem("model_name_or_path", sentence, hint)


def _model(recipe: Recipe) -> str:
    return f"`{recipe.given['model_name_or_path']}`"


def _take_over(recipe: Recipe, path: str, tokenizer: Any) -> None:
    """Give the tokenizer the template of a file, or that of a model with its tokens, as TRL's trainer will."""
    if path.endswith((".jinja", ".j2")):
        try:
            tokenizer.chat_template = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            said = (error.strerror or str(error)).lower()
            raise recipe.problem("chat_template_path", f"the template {path} cannot be read: {said}") from error
        return
    from transformers import AutoTokenizer

    try:
        other = AutoTokenizer.from_pretrained(path)
    except (OSError, ValueError) as error:
        sentence = f"no template can be read from {path}: {str(error).partition(chr(10))[0][:200]}"
        raise recipe.problem("chat_template_path", sentence) from error
    tokenizer.chat_template = other.chat_template
    known = tokenizer.get_vocab()
    tokenizer.add_tokens([one for one in other.added_tokens_decoder.values() if one.content not in known])
    tokenizer.eos_token = other.eos_token


def _marked(recipe: Recipe, tokenizer: Any) -> str | None:
    """The template TRL trains with, where the tokenizer's own has no marks. Raises `UserError` where there is none."""
    from trl.chat_template_utils import get_training_chat_template, has_generation_markers

    try:
        found: str | None = get_training_chat_template(tokenizer)
    except ValueError:
        if has_generation_markers(tokenizer.chat_template):  # it cannot write calls of tools, which may never come
            return None
        sentence = f"assistant_only_loss: the chat template of {_model(recipe)} does not mark what the assistant says"
        hint = f"put {MARKS} ... {{% endgeneration %}} around it and its end mark: chat_template_path names the file"
        raise recipe.problem("assistant_only_loss", sentence, hint) from None
    return found
