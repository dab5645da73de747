"""What is wrong with a mixture as it is written: every mistake with its place, found without network."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from os.path import normpath
from pathlib import Path
from typing import Any, NamedTuple

from smoltalk.errors import UserError, nearest
from smoltalk.fields import meant
from smoltalk.mixture import tokenizer
from smoltalk.mixture.here import Here, look
from smoltalk.mixture.source import NEAR_ONE, OFTEN, Mix, MixSource, wanted

_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SPLIT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
"""As `datasets` names splits; without dots, since files are named after them."""
TURNS = {"sft": ("messages",), "dpo": ("prompt", "chosen", "rejected")}
_SINGLE = ("system", "user", "assistant")
OURS = ("id", "source", "source_id", "tokens", "turns")
"""Columns that rows have, or can have, without their source having them."""


class Mistake(NamedTuple):
    """One mistake and where it stands below `mix:`."""

    key: tuple[str, ...]
    sentence: str
    hint: str = ""


def mistakes(mix: Mix, makes: str) -> Iterator[Mistake]:
    """Every mistake, in no order. `makes` is the pipeline's."""
    seen: dict[str, str] = {}
    for name, source in mix.sources.items():
        yield from of_source(name, source, makes)
        if (first := seen.setdefault(_data(source), name)) != name:
            hint = f"leave one out; `{first}` can go in more often with `repeat`"
            key = ("sources", name)
            yield Mistake(key, f"sources `{first}` and `{name}` are the same data, so every row comes twice", hint)
    yield from _amounts(mix)
    yield from of_all(mix)


def of_all(mix: Mix) -> Iterator[Mistake]:
    """What is wrong whatever the sources are."""
    yield from _splits(mix.splits)
    yield from _limits(mix)


def of_source(name: str, source: MixSource, makes: str) -> Iterator[Mistake]:
    """What is wrong with one source, whatever the others are."""
    key = ("sources", name)
    if not _SOURCE.fullmatch(name):
        yield Mistake(key, f"`{name}` is no name for a source", "letters, digits, `.`, `-` and `_`, at most 100")
    yield from (Mistake((*key, *m.key), f"source `{name}`: {m.sentence}", m.hint) for m in _source(source, makes))


def _data(source: MixSource) -> str:
    """Which rows it has, whatever becomes of them."""
    said: dict[str, Any] = source.model_dump(include={"hub", "config", "split", "revision", "where"})
    files = [source.files] if isinstance(source.files, str) else source.files
    said |= {"files": files and sorted(map(normpath, files)), "run": source.run and normpath(source.run)}
    return json.dumps(said, sort_keys=True)


# ---------------------------------------------------------------- one source


def _source(source: MixSource, makes: str) -> Iterator[Mistake]:
    given = [name for name in ("hub", "files", "run") if getattr(source, name) is not None]
    if len(given) != 1:
        said = f"has {_named(given)}" if given else "does not say where it is"
        yield Mistake((), said, "give exactly one of `hub`, `files` and `run`")
        return
    if source.share is not None and source.count is not None:
        yield Mistake(("count",), "has `share` and `count`", "give one of them")
    if source.hub is None:
        yield from (
            Mistake((name,), f"`{name}` is of datasets on the Hub", "leave it out")
            for name in ("config", "split", "revision")
            if name in source.model_fields_set
        )
    elif not tokenizer.ON_HUB.fullmatch(source.hub) or _is_there(source.hub, Path.is_file):
        hint = f"data on this machine is named by `files: {source.hub}`" if _is_there(source.hub) else ""
        yield Mistake(("hub",), f"`{source.hub}` is no dataset on the Hub, which is `org/name`", hint)
    yield from (
        Mistake(("where", column), f"`where` asks for no value of `{column}`", "no row would go in")
        for column, values in source.where.items()
        if values == []
    )
    named = list(_names(source.columns, makes))
    yield from named
    try:
        here = look(source)
    except UserError as error:
        yield from (Mistake((given[0],), p.sentence, p.hint) for p in error.problems)
        return
    if here.rows == 0:
        yield Mistake((given[0],), "holds no rows", "leave it out")
    elif here.makes not in (None, makes):
        yield Mistake(("run",), f"is a run that `makes: {here.makes}`, and the mixture `makes: {makes}`")
    elif not named:
        yield from _missing(source, here, makes)


def _names(columns: Mapping[str, str], makes: str) -> Iterator[Mistake]:
    """Columns under names that cannot be."""
    single = [name for name in _SINGLE if name in columns]
    other = TURNS["sft" if makes == "dpo" else "dpo"]
    for name in columns:
        key = ("columns", name)
        if name in OURS:
            hint = f"keep theirs under another name: `their_{name}: {columns[name]}`"
            yield Mistake(key, f"`{name}` is a column of ours", hint)
        elif name in other or (makes == "dpo" and name in single):
            form = "pairs (`makes: dpo`)" if makes != "dpo" else "conversations (`makes: sft`)"
            hint = _named(TURNS["dpo"] if makes == "dpo" else ("user", "assistant"))
            yield Mistake(key, f"`{name}` is a column of {form}, and this mixture makes others", f"name {hint}")
    if makes == "dpo" or not single:
        return
    if "messages" in columns:
        said = _named(["messages", *single])
        yield Mistake(("columns", single[0]), f"has {said}", "turns come from one or the other")
    elif missing := [name for name in ("user", "assistant") if name not in single]:
        yield Mistake(("columns",), f"`columns` has {_named(single)} without {_named(missing)}",
                      "a conversation of single columns needs `user` and `assistant`")  # fmt: skip


def _missing(source: MixSource, here: Here, makes: str) -> Iterator[Mistake]:
    """Columns that the YAML names and the data does not have."""
    if here.columns is None:
        return
    for kind in ("columns", "where"):
        for ours, value in getattr(source, kind).items():
            theirs = value if kind == "columns" else ours
            if theirs not in here.columns:
                yield Mistake((kind, ours), f"has no column `{theirs}`", nearest(theirs, here.columns))
    needs = TURNS[makes] if not {"user", "assistant"} & source.columns.keys() else ()
    lacks = [name for name in needs if name not in source.columns and name not in here.columns]
    if lacks == ["prompt"] and not here.texts & {source.columns.get(name, name) for name in TURNS["dpo"][1:]}:
        return  # two lists of turns: what both begin with is the prompt
    if lacks:
        said = f"column{'s' if len(lacks) > 1 else ''} {_named(lacks)}"
        yield Mistake((), f"has no {said}", _mapped(here.columns, lacks))


def _mapped(columns: frozenset[str], lacks: list[str]) -> str:
    """How the mapping may be meant to be."""
    if lacks == ["messages"]:
        if turns := sorted(columns & {"conversations", "conversation", "turns", "dialogue", "dialog", "chat"}):
            return f"say which are the turns: `columns: {{messages: {turns[0]}}}`"
        user = next((n for n in ("instruction", "question", "prompt", "query", "problem", "input") if n in columns), "")
        answers = ("response", "answer", "completion", "output", "solution")
        answer = next((name for name in answers if name in columns), "")
        if user and answer:
            return f"make turns of texts: `columns: {{user: {user}, assistant: {answer}}}`"
    near = nearest(lacks[0], columns)
    return near if not meant(near) else f"{near} `columns: {{{lacks[0]}: {meant(near)}}}`"


# ---------------------------------------------------------------- the whole


def _amounts(mix: Mix) -> Iterator[Mistake]:
    shares = {name: source.share for name, source in mix.sources.items() if source.share is not None}
    total = sum(shares.values())
    if shares and mix.rows is None:
        yield Mistake(("sources", next(iter(shares)), "share"), "shares, but of how many rows?", "give `mix.rows`")
    if shares and abs(total - 1) > NEAR_ONE:
        yield Mistake(("sources",), f"the shares sum to {total:.4g}, not to 1", _rescaled(shares, total))
    if mix.rows is not None and not shares:
        hint = "give sources a `share`; without one a source gives `count` rows, or all it has"
        yield Mistake(("rows",), f"`rows` is {mix.rows:,}, and no source has a share of them", hint)
    for name, asked in wanted(mix).items():
        source = mix.sources[name]
        if asked == 0 and mix.rows:
            said = f"source `{name}`: a share of {source.share:g} of {mix.rows:,} rows is none"
            yield Mistake(("sources", name, "share"), said, "give it more, or leave it out")
        yield from _too_few(name, source, asked)


def _rescaled(shares: Mapping[str, float], total: float) -> str:
    said = [f"{name} {share / total:.3g}" for name, share in shares.items()]
    return f"in the same proportions: {', '.join(said)}" if len(said) <= 6 else ""


def _too_few(name: str, source: MixSource, asked: int | None) -> Iterator[Mistake]:
    """More rows asked for than the data can give, whatever the gates say."""
    if not asked:
        return
    try:
        rows = look(source).rows
    except UserError:
        return
    if rows and rows * source.repeat < asked:
        key = "share" if source.share is not None else "count"
        often = f", each up to {source.repeat} times" if source.repeat > 1 else ""
        sentence = f"source `{name}`: {asked:,} rows are asked of it, and it has {rows:,}{often}"
        least = -(-asked // rows)
        more = f", or let rows go in more often: `repeat: {least}`" if least <= OFTEN else ""
        hint = f"ask for fewer{more}"
        yield Mistake(("sources", name, key), sentence, hint)


def _splits(splits: Mapping[str, float]) -> Iterator[Mistake]:
    for name, share in splits.items():
        if not _SPLIT.fullmatch(name) or name == "all":
            yield Mistake(("splits", name), f"`{name}` is no name for a split", "letters, digits and `_`; not `all`")
        if not 0 < share <= 1:
            yield Mistake(("splits", name), f"split `{name}` has a share of {share:g}", "more than 0, at most 1")
    total = sum(splits.values())
    if abs(total - 1) > 1e-9 and all(0 < share <= 1 for share in splits.values()):
        yield Mistake(("splits",), f"the splits sum to {total:.4g}, not to 1", "for instance {train: 0.95, test: 0.05}")


def _limits(mix: Mix) -> Iterator[Mistake]:
    if mix.max_tokens is not None and mix.tokenizer is None:
        hint = "`tokenizer: nano`, the path of a tokenizer.json, or a model of the Hub: the one you will train"
        yield Mistake(("max_tokens",), "`max_tokens`, but nothing says which tokenizer counts them", hint)
    if mix.tokenizer is not None and (wrong := tokenizer.mistake(mix.tokenizer)):
        yield Mistake(("tokenizer",), *wrong)
    if mix.min_turns and mix.max_turns and mix.min_turns > mix.max_turns:
        sentence = f"`min_turns` ({mix.min_turns}) is more than `max_turns` ({mix.max_turns}): no row can pass"
        yield Mistake(("min_turns",), sentence)


def _named(names: Sequence[str]) -> str:
    """`` `a`, `b` and `c` ``."""
    *first, last = (f"`{name}`" for name in names)
    return f"{', '.join(first)} and {last}" if first else last


def _is_there(place: str, what: Callable[[Path], bool] = Path.exists) -> bool:
    try:
        return what(Path(place))
    except (OSError, ValueError):
        return False
