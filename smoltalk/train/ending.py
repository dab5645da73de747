"""How the template ends an answer: a model is served to stop at a mark, which training has to show it."""

from collections.abc import Iterator, Mapping
from itertools import compress
from typing import Any

from smoltalk.train.recipe import Recipe
from smoltalk.train.template import Template
from smoltalk.train.writing import beside, turns_of


def remarks(recipe: Recipe, template: Template, row: Mapping[str, Any]) -> Iterator[str]:
    """What a person should know of it, seen on a row that the template can write."""
    if template.completes:  # plain texts get TRL's own end
        return
    tokenizer = template.tokenizer
    stop = str(recipe.value("eos_token", None) or tokenizer.eos_token)
    said = tokenizer.apply_chat_template(
        turns_of(row), chat_template=template.training, return_dict=True,
        return_assistant_tokens_mask=template.masks, **beside(row),
    )  # fmt: skip
    tokens = tokenizer.convert_ids_to_tokens(said["input_ids"])
    written = [one for one in tokens if tokenizer.convert_tokens_to_string([one]).strip()]
    if written[-1:] != [stop]:
        also = f"; `eos_token: {written[-1]}` makes it so" if _is_mark(recipe, tokenizer, written) else ""
        yield f"the template ends an answer with `{written[-1]}`, and the model is served to stop at `{stop}`{also}"
    elif template.masks and stop not in compress(tokens, said["assistant_masks"]):
        yield f"`{stop}` stands outside the template's {{% generation %}}: the model does not learn to stop"


def _is_mark(recipe: Recipe, tokenizer: Any, written: list[str]) -> bool:
    """Whether what ends an answer is a mark of its own, which TRL can be told of."""
    return recipe.kind == "sft" and written[-1] in tokenizer.all_special_tokens
