"""A dataset's rows, one by one, each with its name and a mark of what it says."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from smoltalk.decontamination.hub import OnHub
from smoltalk.decontamination.parts import Files, Part
from smoltalk.rows import Row

if TYPE_CHECKING:
    import pyarrow as pa

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


@dataclass(frozen=True, slots=True)
class Splits:
    """Splits of a dataset on the Hub, one after the other."""

    splits: tuple[OnHub, ...]

    def parts(self, done: Callable[[int], bool]) -> Iterator[Part]:
        """Those of each split. Raises `WorldError`."""
        for one in self.splits:
            yield from one.parts(done)


Data = Files | Splits


class Marked(NamedTuple):
    """A row and its marks, 64 bits each."""

    row: Row
    name: int | None
    """Of its `id`; None where it has none."""
    content: int
    """Of everything but its `id`."""
    said: int | None
    """Of its turns: of `messages`, or of `prompt`, `chosen` and `rejected`; None where it has none."""


def marked(data: Data, unreadable: list[str]) -> Iterator[Marked]:
    """Every row in its order; lines that are no rows go to `unreadable`. Raises `UserError`, `WorldError`."""
    for part in data.parts(lambda number: False):
        for block in part.read():
            unreadable += map(str, block.unreadable)
            for batch in block.table.to_batches(max_chunksize=1_024):
                for row in _rows(batch, part.origin, unreadable):
                    yield mark(row)


def _rows(batch: "pa.RecordBatch", origin: str, unreadable: list[str]) -> Iterator[Row]:
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        for number in range(batch.num_rows):
            try:
                yield batch.slice(number, 1).to_pylist()[0]
            except UnicodeDecodeError:
                unreadable.append(f"{origin}: a row holds bytes that are no UTF-8")


def mark(row: Row) -> Marked:
    """A row's marks. Columns in another order, and ones that are null, make no other row."""
    said = {name: value for name, value in row.items() if name != "id" and value is not None}
    name = row.get("id")
    return Marked(
        row,
        None if name is None else _digest(str(name).encode("utf-8", "replace")),
        _digest(orjson.dumps(said, option=_OPTIONS, default=str)),
        _digest(orjson.dumps(talk, option=_OPTIONS, default=str)) if (talk := _talk(row)) else None,
    )


def _talk(row: Row) -> dict[str, Any]:
    """What is trained on, without what is null in a turn: another file may have no such field."""
    names = ("messages",) if row.get("messages") else ("prompt", "chosen", "rejected")
    if not all(row.get(name) for name in names if name != "prompt"):
        return {}
    return {name: _turns(row[name]) for name in names if row.get(name)}


def _turns(said: Any) -> Any:
    return [_turn(one) for one in said] if isinstance(said, list) else said


def _turn(turn: Any) -> Any:
    """A turn with calls may stand in a file as its JSON."""
    with suppress(ValueError):
        turn = orjson.loads(turn) if isinstance(turn, str) else turn
    return {key: value for key, value in turn.items() if value is not None} if isinstance(turn, dict) else turn


def _digest(said: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest())
