"""Rows of the data a task is told: a file, a folder, a run or a mixture, a dataset of the Hub."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from smoltalk.contracts import Part
from smoltalk.errors import Problem, RowFailed, UserError, nearest
from smoltalk.rows import Message, Row

if TYPE_CHECKING:
    from smoltalk.decontamination.hub import OnHub
    from smoltalk.decontamination.parts import Files

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
        found = _here(self)
        return {"files": found.identity()} if found is not None else {}

    def rows(self, most: int | None) -> Iterator[tuple[str, Row]]:
        """The first rows as they are read, each under a name of its own: its `id`, or else its number, which also
        tells rows of one `id` apart. Raises `UserError` and `WorldError`."""
        names = Names()
        for row in islice(_rows(self), most):
            yield names.of(row.get("id")), row
        if not names.count:
            raise UserError([Problem(self.data, 0, "holds no rows")])


class Names:
    """What rows are called, one after the other."""

    def __init__(self) -> None:
        self.count = 0
        """Rows that have a name."""
        self._taken = set[str]()

    def of(self, own: Any) -> str:
        """The next row's name; `own` is its id, None where it has none."""
        self.count += 1
        name = str(self.count if own is None else own)
        name = f"{name} (row {self.count})" if name in self._taken else name
        self._taken.add(name)
        return name


def group_of(row: Row, name: str | None, data: str) -> str:
    """What a row is counted under beside the whole: a column's value, "" without one. Raises `UserError`."""
    value = column(row, name, data) if name else None
    return "" if value is None else str(value)


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


def _here(of: OfData) -> "Files | None":
    """The files that `data` names; None where it is on the Hub."""
    from smoltalk.decontamination.parts import files

    return files([of.data]) if of.revision is None or Path(of.data).exists() else None


def source(of: OfData) -> "Files | OnHub":
    """Where the rows are: files of this machine, of the split alone where one is named, or a dataset of the Hub."""
    from smoltalk.decontamination.hub import OnHub
    from smoltalk.decontamination.parts import Files

    found = _here(of)
    if found is None:
        return OnHub(of.data, of.config, of.split or "train", of.revision)
    paths = [path for path in found.paths if of.split is None or path.name.startswith((f"{of.split}-", f"{of.split}."))]
    if not paths:
        names = ", ".join(path.name for path in found.paths[:5])
        raise UserError([Problem(of.data, 0, f"has no split `{of.split}`", f"it holds {names}")])
    return Files(tuple(paths), found.size)


def _rows(of: OfData) -> Iterator[Row]:
    for part in source(of).parts(lambda number: False):
        for block in part.read():
            if block.unreadable:
                raise UserError([Problem(str(one.place), 0, one.reason) for one in block.unreadable[:5]])
            for batch in block.table.to_batches(max_chunksize=1_024):
                yield from batch.to_pylist()
