"""`smoltalk diff`: two datasets side by side: rows that only one has, rows that changed, what the columns hold."""

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smoltalk.cli.progress import Screen, tell_of_data, tell_unreadable
from smoltalk.cli.screen import count, plain, say, table
from smoltalk.errors import Problem, UserError, WorldError

if TYPE_CHECKING:
    from smoltalk.comparison.reading import Data
    from smoltalk.comparison.session import Difference, Fate, Pair
    from smoltalk.decontamination.hub import OnHub

_TEXT = 72
"""Characters of a text on the screen."""
_TOLD = 5
"""Unreadable lines that are told one by one."""
_BY = {"id": "id", "turns": "their turns, whatever other columns hold", "content": "all their columns"}
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="A run, JSON Lines or Parquet, ORG/NAME[@REVISION].")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The same kinds.")],
    show: Annotated[int, typer.Option(min=0, help="Rows of each kind to print.")] = 3,
    out: Annotated[
        Path | None, typer.Option(help="A new folder for added.jsonl, removed.jsonl and changed.jsonl.")
    ] = None,
    config: Annotated[str | None, typer.Option(help="Of Hub datasets: their configuration.")] = None,
    split: Annotated[str | None, typer.Option(help="Of runs and Hub datasets: one split.  [default: all]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was counted as JSON.")] = False,
) -> None:
    """Compare two datasets row by row and column by column.

    Rows are the same row where their `id` is; where ids do not match, where their turns are the same.
    """
    from smoltalk.comparison.session import compare
    from smoltalk.comparison.writing import new_folder

    sides = _opened(before, "BEFORE", config, split), _opened(after, "AFTER", config, split)
    if out is not None:
        new_folder(out)
    screen = Screen()
    try:
        difference = compare(*sides, tell=lambda rows: screen.see(lambda: f"{rows:,} rows"))
        screen.end()
        columns, examples = _looked_at(difference, sides, show, out)
    except OSError as error:
        raise WorldError(f"{error.filename or out}: {error.strerror or error}") from error
    if as_json:
        say(json.dumps(_as_json(difference, columns), indent=2, ensure_ascii=False))
        return
    _account(before, after, difference, columns)
    _examples(examples)
    for lines in (difference.before.unreadable, difference.after.unreadable):
        tell_unreadable(lines[:_TOLD], len(lines))
    if out is not None:
        say(f"\n  {out}  the rows that differ")


def _opened(given: str, argument: str, config: str | None, split: str | None) -> "Data":
    from smoltalk.decontamination.hub import OnHub
    from smoltalk.decontamination.parts import files

    name, at, revision = given.partition("@") if not Path(given).exists() else (given, "", "")
    found = files([name]) if not at else None
    if found is None:
        if at and not (name and revision):
            raise UserError([Problem(argument, 0, f"{given} is no ORG/NAME@REVISION")])
        return _on_hub(OnHub(name, config, split or "train", revision or None), split)
    tell_of_data(found)
    if split is not None and (Path(given) / "run.db").is_file():
        found = replace(found, paths=tuple(path for path in found.paths if path.name.startswith(f"{split}-")))
    if not found.paths:
        of = f"no rows of a split `{split}`" if split else "no rows"
        raise UserError([Problem(given, 0, f"holds {of}: a run that accepted none, or an empty folder")])
    return found


def _on_hub(data: "OnHub", split: str | None) -> "Data":
    """At one commit, however often it is read."""
    from smoltalk.comparison.reading import Splits

    tell_of_data(data)
    data = data.pinned(None)
    return Splits((data,) if split else tuple(data.every_split()))


def _looked_at(
    difference: "Difference", sides: "tuple[Data, Data]", show: int, out: Path | None
) -> "tuple[dict[str, int], dict[Fate, list[Pair]]]":
    """In how many changed rows each column differs, and the first few rows of each fate; all are written to `out`."""
    from smoltalk.comparison.session import rows_of
    from smoltalk.comparison.writing import FATES, by_column, written

    columns: dict[str, int] = {}
    examples: dict[Fate, list[Pair]] = {}
    for fate in FATES:
        if not len(getattr(difference, fate)):
            continue
        pairs = written(rows_of(difference, fate, *sides), fate, out)
        examples[fate] = list(islice(pairs, show))
        if fate == "changed":
            columns = dict((by_column(examples[fate]) + by_column(pairs)).most_common())
        elif out is not None:
            for _ in pairs:
                pass
    return columns, examples


def _account(before: str, after: str, difference: "Difference", columns: dict[str, int]) -> None:
    one, two = difference.before.shape, difference.after.shape
    by = f"{'' if difference.by == 'id' else 'ids do not match: '}rows told apart by {_BY[difference.by]}"
    say(f"{before}: {count(one.rows, 'row')}; {after}: {count(two.rows, 'row')}; {by}")
    changed = ", ".join(f"{plain(name)} in {rows:,}" for name, rows in columns.items())
    lines = [("same", f"{difference.same:,}", "")]
    lines += [(fate, f"{len(getattr(difference, fate)):,}", "") for fate in ("added", "removed")]
    if difference.by == "id":
        lines.append(("changed", f"{len(difference.changed):,}", changed))
    say("\n".join(table(lines, frozenset({1}))))
    numbers = _numbers(difference)
    if numbers:
        say(
            "\n"
            + "\n".join(table([("", "", "rows", "mean", "p10", "median", "p90"), *numbers], frozenset(range(2, 7))))
        )
    values = _values(difference)
    if values:
        say("\n" + "\n".join(table([("", "", "before", "", "after", ""), *values], frozenset({2, 3, 4, 5}))))


def _numbers(difference: "Difference") -> list[tuple[str, ...]]:
    sides = [("before", difference.before.shape.numbers()), ("after", difference.after.shape.numbers())]
    names = dict.fromkeys(name for _, numbers in sides for name in numbers)
    lines = []
    for name in names:
        for number, (side, numbers) in enumerate((s, n) for s, n in sides if name in n):
            of = numbers[name]
            told = [
                f"{of[key]:,.4g}" if abs(of[key]) < 100 else f"{of[key]:,.0f}"
                for key in ("mean", "p10", "median", "p90")
            ]
            lines.append((name if number == 0 else "", side, f"{of['rows']:,.0f}", *told))
    return lines


def _values(difference: "Difference") -> list[tuple[str, ...]]:
    one, two = difference.before.shape, difference.after.shape
    lines = []
    for name in dict.fromkeys([*one.counts, *two.counts]):
        here, there = one.counts.get(name), two.counts.get(name)
        known = dict.fromkeys(value for counted in (here, there) if counted for value, _ in counted.most_common())
        for number, value in enumerate(known):
            cells = []
            for counted, rows in ((here, one.rows), (there, two.rows)):
                found = counted[value] if counted else 0
                cells += [f"{found:,}", f"{found / max(rows, 1):.1%}"]
            lines.append((name if number == 0 else "", _short(value), *cells))
    return lines


def _examples(examples: "dict[Fate, list[Pair]]") -> None:
    from smoltalk.comparison.writing import differing

    for fate, pairs in examples.items():
        if pairs:
            say(f"\n{fate}")
        for pair in pairs:
            row = pair.after or pair.before or {}
            if pair.before is None or pair.after is None:
                say(f"  {_SIGNS[fate]} {_short(str(row.get('id', '')))}  {_short(_said(row))}")
                continue
            say(f"  {_SIGNS[fate]} {_short(str(row.get('id', '')))}")
            for name in differing(pair):
                earlier, later = (_short(_text(version.get(name))) for version in (pair.before, pair.after))
                say(f"      {plain(name)}: {earlier}  ->  {later}")


def _said(row: dict[str, Any]) -> str:
    """How a row's turns begin, or the longest of its texts."""
    from smoltalk.comparison.shape import texts

    said = list(texts(row))
    talks = any(row.get(name) for name in ("messages", "prompt"))
    return next(iter(said), "") if talks else max(said, key=len, default="")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _short(text: str) -> str:
    text = plain(" ".join(text.split()))
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"


def _as_json(difference: "Difference", columns: dict[str, int]) -> dict[str, Any]:
    def side(of: Any) -> dict[str, Any]:
        return {
            "rows": of.shape.rows, "unreadable": len(of.unreadable), "numbers": of.shape.numbers(),
            "values": {name: dict(counted.most_common()) for name, counted in of.shape.counts.items()},
        }  # fmt: skip

    return {
        "by": difference.by, "same": difference.same, "added": len(difference.added),
        "removed": len(difference.removed), "changed": len(difference.changed), "changed_columns": columns,
        "before": side(difference.before), "after": side(difference.after),
    }  # fmt: skip
