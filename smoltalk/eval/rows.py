"""Rows of the data a task is told: a file, a folder, a run or a mixture, a dataset of the Hub."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from pydantic import Field

from smoltalk.contracts import Part
from smoltalk.errors import Problem, RowFailed, UserError, nearest
from smoltalk.rows import Message, Row

_TURNS = ("messages", "conversations")


class OfData(Part):
    """What a task with data of its own is told about it."""

    data: str = Field(min_length=1)
    """JSON Lines or Parquet, a folder or glob of them, a run or a mixture, or ORG/NAME on the Hub."""
    config: str | None = None
    """Of a Hub dataset: its configuration."""
    split: str | None = None
    """Of a Hub dataset: its split, `train` unless said. Of a mixture: one of its splits; all unless said."""
    revision: str | None = None
    """Of a Hub dataset: a commit, tag or branch."""

    def files_now(self) -> dict[str, Any]:
        """Name, bytes and time of change of local files. Raises `UserError`."""
        from smoltalk.decontamination.parts import files

        found = files([self.data]) if self.revision is None else None
        return {"files": found.identity()} if found is not None else {}

    def rows(self, most: int | None) -> list[Row]:
        """The first rows. Raises `UserError` and `WorldError`."""
        found = list(islice(_rows(self), most))
        if not found:
            raise UserError([Problem(self.data, 0, "holds no rows")])
        return found


def column(row: Row, name: str, data: str) -> Any:
    """A row's column. Raises `UserError` where it has none."""
    if name not in row:
        raise UserError([Problem(data, 0, f"has no column `{name}`", nearest(name, row))])
    return row[name]


def talk(row: Row, data: str) -> list[Message]:
    """A row's conversation: `messages`, ShareGPT's `conversations`, or `instruction` and `response`."""
    from smoltalk.records import RecordError, turns

    for name in _TURNS:
        if row.get(name):
            try:
                return turns(row[name])
            except RecordError as error:
                raise RowFailed("conversation", str(error)) from None
    if row.get("instruction") and row.get("response"):
        return [
            {"role": "user", "content": str(row["instruction"])},
            {"role": "assistant", "content": str(row["response"])},
        ]
    hint = "`messages`, or `instruction` and `response`"
    raise UserError([Problem(data, 0, f"holds no conversations; its columns are {', '.join(row)}", hint)])


def _rows(of: OfData) -> Iterator[Row]:
    from smoltalk.decontamination.hub import OnHub
    from smoltalk.decontamination.parts import Files, files

    found = files([of.data]) if of.revision is None else None
    if found is None:
        data: Files | OnHub = OnHub(of.data, of.config, of.split or "train", of.revision)
    else:
        paths = [
            path for path in found.paths if of.split is None or path.name.startswith((f"{of.split}-", f"{of.split}."))
        ]
        if not paths:
            names = ", ".join(path.name for path in found.paths[:5])
            raise UserError([Problem(of.data, 0, f"has no split `{of.split}`", f"it holds {names}")])
        data = Files(tuple(paths), found.size)
    for part in data.parts(lambda number: False):
        for block in part.read():
            if block.unreadable:
                raise UserError([Problem(str(one.place), 0, one.reason) for one in block.unreadable[:5]])
            for batch in block.table.to_batches(max_chunksize=1_024):
                yield from batch.to_pylist()
