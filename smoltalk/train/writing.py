"""How the chat template writes rows: whether it can, how long they get, which tokens are learned."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smoltalk.train.faults import of_conversation, of_pair
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
    """Whether rows need no template: plain texts."""


def prepared(recipe: Recipe, conversational: bool) -> Template:
    """The tokenizer of the recipe's model, with the template that TRL will use.

    Raises `UserError` where there is no tokenizer, no template, or none with the marks `assistant_only_loss` needs.
    """
    tokenizer = _tokenizer(recipe)
    path = recipe.value("chat_template_path", None)
    if path is not None:
        tokenizer.chat_template = _template_at(recipe, str(path))
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
        sentence = f"no tokenizer can be read from {_model(recipe)}: {str(error).partition(chr(10))[0][:200]}"
        hint = "a folder that `save_pretrained` wrote, or a name on the Hub"
        raise recipe.problem("model_name_or_path", sentence, hint) from error


def _model(recipe: Recipe) -> str:
    return f"`{recipe.given['model_name_or_path']}`"


def _template_at(recipe: Recipe, path: str) -> Any:
    if path.endswith((".jinja", ".j2")):
        try:
            return Path(path).read_text(encoding="utf-8")
        except OSError as error:
            said = (error.strerror or str(error)).lower()
            raise recipe.problem("chat_template_path", f"the template {path} cannot be read: {said}") from error
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(path).chat_template
    except (OSError, ValueError) as error:
        sentence = f"no template can be read from {path}: {str(error).partition(chr(10))[0][:200]}"
        raise recipe.problem("chat_template_path", sentence) from error


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


# ---------------------------------------------------------------- rows


def looker(template: Template, makes: str) -> Callable[[dict[str, list[Any]]], dict[str, list[Any]]]:
    """What `Dataset.map` calls with a batch: for every row `fault`, `tokens` (of the longer side of a pair), `learned`,
    and `otherwise`: whether it is trained on other text than it is served with."""

    def look(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        rows = [dict(zip(batch, values, strict=True)) for values in zip(*batch.values(), strict=True)]
        seen = [_look(template, makes, row) for row in rows]
        return {name: [one[name] for one in seen] for name in ("fault", "tokens", "learned", "otherwise")}

    return look


def _look(template: Template, makes: str, row: Mapping[str, Any]) -> dict[str, Any]:
    found = {"fault": "", "tokens": 0, "learned": 0, "otherwise": False}
    if template.completes:
        text = "".join(str(row[name]) for name in ("text", "prompt", "completion", "chosen") if row.get(name))
        return found | {"tokens": (n := len(template.tokenizer(text)["input_ids"])), "learned": n}
    turns = row.get("messages") or row.get("conversations")
    if turns is None and row.get("completion") is not None:
        turns = [*row["prompt"], *row["completion"]]
    fault = of_conversation(turns) if makes == "sft" else of_pair(row)
    if fault:
        return found | {"fault": fault}
    try:
        if makes == "sft":
            return found | _written(template, turns, row)
        sides = [_written(template, [*(row.get("prompt") or []), *row[name]], row) for name in ("chosen", "rejected")]
        return found | max(sides, key=lambda one: one["tokens"])
    except Exception as error:  # a template is a program of strangers: whatever it raises is this row's fault
        return found | {"fault": f"the chat template cannot write it: {str(error).partition(chr(10))[0][:160]}"}


def _written(template: Template, turns: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    import orjson

    tools = row.get("tools")
    tools = orjson.loads(tools) if isinstance(tools, str) else tools
    more = {"tools": tools, **(row.get("chat_template_kwargs") or {})}
    said = template.tokenizer.apply_chat_template(
        turns, chat_template=template.training, return_dict=True, return_assistant_tokens_mask=template.masks, **more
    )
    tokens = len(said["input_ids"])
    learned = sum(said["assistant_masks"]) if template.masks else tokens
    if template.masks and not learned:
        return {"fault": "the chat template marks no token of it as the assistant's", "tokens": tokens}
    otherwise = False
    if template.training is not None:
        texts = [
            template.tokenizer.apply_chat_template(turns, chat_template=one, tokenize=False, **more)
            for one in (template.training, template.served)
        ]
        otherwise = texts[0] != texts[1]
    return {"tokens": tokens, "learned": learned, "otherwise": otherwise}


def columns_wanted(recipe: Recipe, names: list[str]) -> bool:
    """Whether rows of these columns are conversational. Raises `UserError` for columns the trainer cannot take."""
    key = next((one for one in ("data", "datasets", "dataset_name") if one in recipe.document.data), "data")
    if recipe.makes == "dpo":
        if lacks := [name for name in ("chosen", "rejected") if name not in names]:
            is_sft = "messages" in names
            sentence = f"{key}: the rows have no `{lacks[0]}`" + (": they are conversations" if is_sft else "")
            hint = f"`train {recipe.kind}` learns from pairs: `smoltalk pairs RUN` makes them of what was rejected"
            raise recipe.problem(key, sentence, hint)
        return True
    if "chosen" in names and "messages" not in names:
        raise recipe.problem(key, f"{key}: the rows are pairs", "smoltalk train dpo, or reward")
    if "prompt" in names and "completion" not in names:
        sentence = f"{key}: to TRL, a column `prompt` means prompt and completion, and there is no `completion`"
        raise recipe.problem(key, sentence, "leave `prompt` out of the columns")
    if not {"messages", "conversations", "completion", "text"} & set(names):
        sentence = f"{key}: the rows have no `messages`, `text` or `completion`"
        raise recipe.problem(key, sentence, f"they have {', '.join(names)}")
    return bool({"messages", "conversations"} & set(names))
