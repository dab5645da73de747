"""The rows that differ, as JSON Lines: `added`, `removed`, and `changed` with both versions."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from smoltalk.comparison.session import Fate, Pair
from smoltalk.errors import Problem, UserError

FATES: tuple[Fate, ...] = ("added", "removed", "changed")
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE


def new_folder(path: Path) -> None:
    """Make the folder for the rows. Raises `UserError` where something stands there, `OSError`."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        what = "holds other files already" if path.is_dir() else "is a file"
        raise UserError([Problem("--out", 0, f"{path} {what}", "name a new folder: --out FOLDER")])
    path.mkdir(parents=True, exist_ok=True)


def written(pairs: Iterable[Pair], fate: Fate, folder: Path | None) -> Iterator[Pair]:
    """Pass pairs on, writing each to `FOLDER/FATE.jsonl`; nothing is written where there is no folder."""
    if folder is None:
        yield from pairs
        return
    with (folder / f"{fate}.jsonl").open("wb") as stream:
        for pair in pairs:
            stream.write(_line(pair))
            yield pair


def differing(pair: Pair) -> list[str]:
    """Columns in which the two versions of a row differ; null is like not there."""
    before, after = pair.before or {}, pair.after or {}
    names = dict.fromkeys([*before, *after])
    return [name for name in names if before.get(name) != after.get(name)]


def by_column(pairs: Iterable[Pair]) -> Counter[str]:
    """How many of the changed rows differ in each column."""
    return Counter(name for pair in pairs for name in differing(pair))


def _line(pair: Pair) -> bytes:
    either: Any = pair.after or pair.before
    if pair.before is not None and pair.after is not None:
        either = {"id": pair.after.get("id"), "columns": differing(pair), "before": pair.before, "after": pair.after}
    return orjson.dumps(either, option=_OPTIONS, default=str)
