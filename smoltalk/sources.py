"""What sources that read files share: the licence of what others may have written, and records that bear rows."""

import json
from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from smoltalk import local_files, records
from smoltalk.contracts import Source
from smoltalk.errors import RowFailed
from smoltalk.rows import Row


class Licensed(Source):
    """A source of what others may have written."""

    licence: str | None = None
    """The data's licence: the card says it, and `push` asks for it. It makes no other rows."""

    def identity(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude={"licence"})


class RecordFiles(Licensed):
    """Rows out of one file, or of a folder of them in the order of their names."""

    ending: ClassVar[str]
    """Of the files in a folder that are read, with its dot."""

    path: str = Field(min_length=1)
    """A file, or a folder with files of this kind; relative to the working directory."""
    columns: records.Columns | None = None
    """The columns to read, or `ours: theirs`; these must hold something in every row."""
    limit: int | None = Field(default=None, gt=0)
    """Read no more records than this."""
    repeat: int = Field(default=1, gt=0)
    """How many rows each record bears. The whole is read in as many rounds; the rows of a record differ by their
    `id`, and so by what is drawn for them."""

    def check(self) -> Iterator[str]:
        if not self._files:
            yield local_files.missing(self.path, self.ending)
        elif not self._names:
            yield self._nothing()
        else:
            for wrong in records.misnamed(self.columns or (), self._names):
                yield f"{self.path} {wrong}"

    def writes(self) -> frozenset[str]:
        return frozenset(self._columns)

    def size(self) -> int:
        size = sum(self._count(file) for file in self._files)
        return min(size, self.limit or size) * self.repeat

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        return records.repeated(self._once, self.repeat, start)

    def fingerprint(self) -> str:
        """What the YAML says, and name, size and hash of every file."""
        kept = self.identity()
        del kept["path"]
        if self.repeat == 1:
            del kept["repeat"]
        return json.dumps([kept, self._digests], sort_keys=True)

    @abstractmethod
    def _once(self, start: int) -> Iterator[Row | RowFailed]:
        """The rows of one round, from that number on."""

    @abstractmethod
    def _count(self, file: Path) -> int:
        """How many rows the file stands for."""

    @abstractmethod
    def _nothing(self) -> str:
        """What to say when no columns were found."""

    @property
    @abstractmethod
    def _names(self) -> list[str]:
        """The columns of the files; [] where none can be read."""

    @property
    def _files(self) -> list[Path]:
        return local_files.files(self.path, self.ending)

    @cached_property
    def _digests(self) -> list[list[str | int]]:
        return local_files.digests(self._files)

    @cached_property
    def _columns(self) -> dict[str, str]:
        return records.named_columns(self.columns) if self.columns else records.default_columns(self._names)
