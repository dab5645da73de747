"""Rows out to Parquet, a row group at a time: memory does not grow with the rows."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smoltalk.rows import Message

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 1_000
GROUP_BYTES = 16_000_000
"""A row group is written when it has this many rows, or this much text."""
SHARD_ROWS = 100_000
SHARD_BYTES = 250_000_000
"""A file takes no further row group when it would grow past one of these."""

_UNIQUE = ("id", "evidence", "columns")


class ParquetFiles:
    """Writes tuples of columns to one file after another; there is always at least one, if with no rows.

    `place` gives the path of file 0, 1, ...; `sharded=False` puts everything into file 0. Raises `OSError`.
    """

    def __init__(
        self,
        columns: "Sequence[tuple[str, pa.DataType]]",
        place: Callable[[int], Path],
        *,
        sharded: bool = True,
        group_bytes: int = GROUP_BYTES,
    ) -> None:
        import pyarrow as pa

        self._schema = pa.schema(list(columns))
        self._place, self._sharded, self._group_bytes = place, sharded, group_bytes
        self._held: list[tuple[Any, ...]] = []
        self._held_bytes = 0
        self._count = 0
        self._open()

    def add(self, row: tuple[Any, ...], size: int) -> None:
        """One row, in the order of the columns; `size` is about how many bytes it takes."""
        self._held.append(row)
        self._held_bytes += size
        if len(self._held) >= GROUP_ROWS or self._held_bytes >= self._group_bytes:
            self._write_group()

    def close(self) -> None:
        """Write what is held and the footer."""
        if self._held:
            self._write_group()
        self._end_file()

    def abandon(self) -> None:
        """Let go of the file, which is not worth finishing."""
        with suppress(OSError):
            self._end_file()

    def _open(self) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter

        self._rows = 0
        self._sink = pa.OSFile(str(self._place(self._count)), "wb")
        self._writer = ParquetWriter(self._sink, self._schema, compression="zstd", use_dictionary=self._repetitive())
        self._count += 1

    def _repetitive(self) -> list[str]:
        """Columns whose values repeat; looking for repetition in long texts costs more than it saves."""
        conversations = [field.name for field in self._schema if field.type == messages_type()]
        others = [f.name for f in self._schema if f.name not in (*_UNIQUE, *conversations) and f.type != calls_type()]
        return [*(f"{name}.list.element.role" for name in conversations), *others]

    def _write_group(self) -> None:
        import pyarrow as pa

        past_rows = self._rows + len(self._held) > SHARD_ROWS
        past_bytes = self._sink.tell() + self._held_bytes > SHARD_BYTES
        if self._sharded and self._rows and (past_rows or past_bytes):
            self._end_file()
            self._open()
        columns = zip(*self._held, strict=True)
        arrays = [_array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
        self._rows += len(self._held)
        self._held, self._held_bytes = [], 0

    def _end_file(self) -> None:
        try:
            self._writer.close()
        finally:
            self._sink.close()


def messages_type() -> "pa.DataType":
    """The type of a conversation: a list of `{role, content}`."""
    import pyarrow as pa

    return pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))


def calls_type() -> "pa.DataType":
    """The type of a conversation with function calls: a list of JSON objects, for every call has other arguments."""
    import pyarrow as pa

    return pa.list_(pa.json_())


def _array(values: Sequence[Any], kind: "pa.DataType") -> "pa.Array":
    import pyarrow as pa

    if kind == calls_type():
        texts = pa.array(values, pa.list_(pa.string()))
        turns = pa.ExtensionArray.from_storage(pa.json_(), texts.values)
        return pa.ListArray.from_arrays(texts.offsets, turns, type=kind)
    return _conversations(values, kind) if kind == messages_type() else pa.array(values, kind)


def _conversations(values: Sequence[list[Message] | None], kind: "pa.DataType") -> "pa.Array":
    """Flat arrays and offsets: several times faster than handing Arrow a dict for every turn."""
    import pyarrow as pa

    roles: list[str] = []
    contents: list[str] = []
    offsets: list[int | None] = []
    for turns in values:
        offsets.append(None if turns is None else len(roles))
        for turn in turns or ():
            roles.append(turn["role"])
            contents.append(turn["content"])
    turns_array = pa.StructArray.from_arrays(
        [pa.array(roles, pa.string()), pa.array(contents, pa.string())], fields=list(kind.value_type)
    )
    return pa.ListArray.from_arrays(pa.array([*offsets, len(roles)], pa.int32()), turns_array, type=kind)
