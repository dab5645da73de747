"""Conversations and pairs of a task's data as training reads them: speakers of any name, function calls, tools."""

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from smoltalk.errors import Problem, UserError, nearest
from smoltalk.eval.rows import Names, OfData, source
from smoltalk.train.spelling import Talk

if TYPE_CHECKING:
    from smoltalk.mixture.stretches import Stretch
    from smoltalk.mixture.turning_values import Turns

_TURNS, _TEXTS, _PAIR = ("messages", "conversations"), ("instruction", "response"), ("prompt", "chosen", "rejected")
_BESIDE = ("tools", "chat_template_kwargs")
_NO_PAIR = "pairs are `prompt`, `chosen` and `rejected`: texts, or lists of turns"


class Read(NamedTuple):
    """A row."""

    name: str
    group: str
    talks: tuple[Talk, ...]
    """Its conversation; of a pair two: the chosen one and the rejected one."""


def conversations(of: OfData, most: int | None, group: str | None) -> Iterator[Read]:
    """The first rows. Raises `UserError` for a row that holds no conversation, and `WorldError`."""
    return islice(_read(of, (*_TURNS, *_TEXTS), group, _conversation), most)


def pairs(of: OfData, most: int | None) -> Iterator[Read]:
    """The first pairs; a prompt that both answers repeat stands before them once. Raises as `conversations` does."""
    return islice(_read(of, _PAIR, None, _pair), most)


def _read(of: OfData, columns: Sequence[str], group: str | None, read: Any) -> Iterator[Read]:
    from smoltalk.mixture.columns import kept
    from smoltalk.mixture.plain import values

    names = Names()
    for stretch in _stretches(of, ("id", *columns, *_BESIDE, *([group] if group else []))):
        if stretch.unread:
            raise UserError(
                [Problem(f"{stretch.name}:{one.number}", 0, f"the line {one.detail}") for one in stretch.unread[:5]]
            )
        nothing: list[Any] = [None] * stretch.rows
        found: Iterator[tuple[Talk, ...]] = read(of, stretch, names.count)
        if group and group not in stretch.columns:
            raise UserError([Problem(of.data, 0, f"has no column `{group}`", nearest(group, _columns(of)))])
        groups = values(stretch.columns[group]) if group else nothing
        ids = values(stretch.columns["id"]) if "id" in stretch.columns else nothing
        columns_beside = [kept(name, stretch.columns.get(name), stretch.rows)[0].to_pylist() for name in _BESIDE]
        for own, said, talks, *more in zip(ids, groups, found, *columns_beside, strict=True):
            name, beside = names.of(own), _parsed(of, names.count, *more)
            yield Read(name, "" if said is None else str(said), tuple(one._replace(beside=beside) for one in talks))
    if not names.count:
        raise UserError([Problem(of.data, 0, "holds no rows")])


def _stretches(of: OfData, wanted: Sequence[str]) -> "Iterator[Stretch]":
    from smoltalk.decontamination.parts import Files
    from smoltalk.mixture.stretches import of_parquet, of_table, shown
    from smoltalk.mixture.stretches_of_lines import of_lines

    found = source(of)
    if not isinstance(found, Files):
        for part in found.parts(lambda number: False):
            for block in part.read():
                yield of_table(of.data, 0, block.table, wanted)
        return
    names = shown(found.paths)
    for path in found.paths:
        if path.suffix == ".parquet":
            stretches = of_parquet(path, names[path], wanted, 0, lambda number: False)
        else:
            stretches = of_lines(path, names[path], wanted, 0)
        for _, read in stretches:
            if (stretch := read()).rows or stretch.unread:
                yield stretch


def _columns(of: OfData) -> list[str]:
    """The columns of the first row."""
    return list(next(of.rows(1))[1])


def _parsed(of: OfData, number: int, tools: Any, how: Any) -> dict[str, Any]:
    """What the template gets beside the turns, in the form that `smoltalk train` gives it."""
    from smoltalk.train.writing import beside

    try:
        named = orjson.loads(how) if isinstance(how, str) else how
        found = beside({"tools": tools}) | dict(named or {})
        if not isinstance(found["tools"] or [], list):
            raise TypeError
    except (ValueError, TypeError):
        sentence = f"row {number}: `tools` is no list, or `chat_template_kwargs` no mapping"
        raise UserError([Problem(of.data, 0, sentence)]) from None
    return {name: value for name, value in found.items() if value is not None}


# ---------------------------------------------------------------- conversations


def _conversation(of: OfData, stretch: "Stretch", before: int) -> Iterator[tuple[Talk, ...]]:
    from smoltalk.mixture.roles import ASSISTANT, USER
    from smoltalk.mixture.turning import conversations, exchanges

    there = stretch.columns
    if name := next((one for one in _TURNS if one in there), None):
        found = conversations(there[name])
    elif all(one in there for one in _TEXTS):
        name, (asked, said) = _TEXTS[0], _TEXTS
        found = exchanges({USER: there[asked], ASSISTANT: there[said]}, {USER: asked, ASSISTANT: said})
    else:
        columns = ", ".join(_columns(of))
        hint = "`messages`, or `instruction` and `response`"
        raise UserError([Problem(of.data, 0, f"holds no conversations; its columns are {columns}", hint)])
    return _each(of, name, found, before)


def _each(of: OfData, name: str, found: "Turns", before: int) -> Iterator[tuple[Talk, ...]]:
    for number, turns in enumerate(_turns(found), before + 1):
        if isinstance(turns, str):
            raise UserError([Problem(of.data, 0, f"row {number}: `{name}` {turns}")])
        yield (Talk(turns),)


def _turns(found: "Turns") -> Iterator[list[dict[str, Any]] | str]:
    """Of each row its turns, control tokens made harmless, or why there are none."""
    from smoltalk.mixture.calls_in_text import neutralised_turns
    from smoltalk.mixture.roles import ROLES

    texts, bounds = neutralised_turns(found).texts.to_pylist(), found.rows.tolist()
    for row, (first, last) in enumerate(pairwise(bounds)):
        if row in found.bad:
            yield found.bad[row].detail
            continue
        more = orjson.loads(found.calls[row]) if row in found.calls else [{}] * (last - first)
        codes = found.codes[first:last].tolist()
        yield [
            {"role": ROLES[code], "content": text} | one
            for code, text, one in zip(codes, texts[first:last], more, strict=True)
        ]


# ---------------------------------------------------------------- pairs


def _pair(of: OfData, stretch: "Stretch", before: int) -> Iterator[tuple[Talk, ...]]:
    from smoltalk.mixture.roles import ASSISTANT, USER
    from smoltalk.mixture.turning import conversations

    there = stretch.columns
    if not {"chosen", "rejected"} <= there.keys():
        raise UserError([Problem(of.data, 0, f"row {before + 1} is no pair of answers", _NO_PAIR)])
    asked = _turns(conversations(there["prompt"], USER)) if "prompt" in there else iter([None] * stretch.rows)
    sides = [_turns(conversations(there[name], ASSISTANT)) for name in _PAIR[1:]]
    for number, (prompt, chosen, rejected) in enumerate(zip(asked, *sides, strict=True), before + 1):
        if isinstance(chosen, str) or isinstance(rejected, str) or not _answered(chosen, rejected):
            raise UserError([Problem(of.data, 0, f"row {number} is no pair of answers", _NO_PAIR)])
        yield _apart(prompt if isinstance(prompt, list) else [], chosen, rejected)


def _answered(*sides: list[dict[str, Any]]) -> bool:
    return all(side[-1]["role"] == "assistant" for side in sides)


def _apart(prompt: list[Any], *sides: list[Any]) -> tuple[Talk, ...]:
    """The prompt and each answer; without a prompt, what both begin with is it."""
    sides = tuple(one[len(prompt) :] if one[: len(prompt)] == prompt != one else one for one in sides)
    if prompt and all(one[0]["role"] not in ("system", "user") for one in sides):
        return tuple(Talk([*prompt, *one], asked=len(prompt)) for one in sides)
    most = min(map(len, sides)) - 1
    count = next((at for at in range(most) if sides[0][at] != sides[1][at]), most)
    return tuple(Talk(one, asked=count) for one in sides)
