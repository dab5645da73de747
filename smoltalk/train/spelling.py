"""A finished conversation as a model's chat template writes it, with its tools, and which of its tokens count."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple

from smoltalk.errors import UserError, WorldError
from smoltalk.train.passed_over import passed_over

Of = Literal["assistant", "all", "answer"]
"""Tokens that count: of the assistant's turns with what ends them, all but the first, or those behind the prompt."""
_MARK = re.compile(r"\{%-?\s*generation\s*-?%\}")
"""What `apply_chat_template` asks of a template that is to say which tokens are the assistant's."""
_CALLS = "the chat template does not write its function calls"


class Talk(NamedTuple):
    """A conversation."""

    turns: Sequence[Mapping[str, Any]]
    """As transformers takes them: `role`, `content`, and of turns that call functions `tool_calls`."""
    beside: Mapping[str, Any] = {}
    """What the template gets beside them: `tools` and the like."""
    asked: int = 0
    """How many of the turns are the prompt."""


class Spelt(NamedTuple):
    """A conversation in tokens."""

    ids: list[int]
    counts: list[bool]
    """Of each token."""
    bytes: int
    """UTF-8 bytes that the tokens that count spell."""
    why: str = ""
    """Why none counts."""


def spelt(tokenizer: Any, talk: Talk, of: Of) -> Spelt:
    """Tokens as training has them. Where the template marks what the assistant says these marks decide, else where its
    turns begin and end. Tools' turns are read and never counted as the assistant's.

    Raises `WorldError` where the template refuses the conversation, or changes what it wrote once more is said.
    """
    marked = of == "assistant" and bool(_MARK.search(tokenizer.chat_template))
    text: str = _rendered(tokenizer, talk)
    if _passes_over_calls(tokenizer, talk):
        return Spelt([], [], 0, _CALLS)
    if marked:
        said = _rendered(
            tokenizer, talk, tokenize=True, return_dict=True, return_assistant_tokens_mask=True,
            tokenizer_kwargs={"return_offsets_mapping": True},
        )  # fmt: skip
        ids, places = said["input_ids"], said["offset_mapping"]
        counts = [bool(one) for one in said["assistant_masks"]]
        runs = (list(run) for counted, run in groupby(zip(counts, places, strict=True), key=_first) if counted)
        spans = [(run[0][1][0], run[-1][1][1]) for run in runs]
    else:
        spans = list(_spans(tokenizer, talk, text, of))
        coded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids = coded["input_ids"]
        counts = [any(a < end and b > start for a, b in spans) for start, end in coded["offset_mapping"]]
    return Spelt(ids, counts, sum(len(text[a:b].encode("utf-8", "replace")) for a, b in spans))


def _first(pair: tuple[bool, Any]) -> bool:
    return pair[0]


def _spans(tokenizer: Any, talk: Talk, text: str, of: Of) -> Iterator[tuple[int, int]]:
    """Where what counts stands in the text; the assistant's turns each to the end of the mark that closes it."""
    if of == "all":
        yield 0, len(text)
    elif of == "answer":  # where the texts part, as TRL's trainers cut them, whatever opens an answer
        before = _rendered(tokenizer, talk._replace(turns=talk.turns[: talk.asked]), add_generation_prompt=True)
        yield _shared(before, text), len(text)
    else:
        yield from _of_assistant(tokenizer, talk, text)


def _shared(one: str, other: str) -> int:
    """Characters that two texts begin with alike."""
    most = min(len(one), len(other))
    return next((at for at in range(most) if one[at] != other[at]), most)


def _of_assistant(tokenizer: Any, talk: Talk, text: str) -> Iterator[tuple[int, int]]:
    for place, turn in enumerate(talk.turns):
        if turn["role"] != "assistant":
            continue
        before = _rendered(tokenizer, talk._replace(turns=talk.turns[:place]), add_generation_prompt=True)
        rest = talk._replace(turns=talk.turns[: place + 1])
        whole = _rendered(tokenizer, rest) if place + 1 < len(talk.turns) else text
        if not (text.startswith(before) and text.startswith(whole.rstrip())):
            raise WorldError(
                f"the chat template of {tokenizer.name_or_path} writes a turn in another way once more is "
                "said, so it cannot be told which tokens are the assistant's: `of: all` counts every one"
            )
        yield len(before), len(whole.rstrip())


def _passes_over_calls(tokenizer: Any, talk: Talk) -> bool:
    """Whether the text is the same without the function calls."""

    def written(turns: Sequence[Mapping[str, Any]]) -> Any:
        return _rendered(tokenizer, talk._replace(turns=turns))

    return "tool_calls" in passed_over(written, talk.turns, {})


def _rendered(tokenizer: Any, talk: Talk, **how: Any) -> Any:
    try:
        return tokenizer.apply_chat_template(list(talk.turns), **{**talk.beside, "tokenize": False, **how})
    except UserError:
        raise
    except Exception as error:  # a template is a stranger's program
        raise WorldError(f"the chat template of {tokenizer.name_or_path} refuses a row: {error}") from error
