"""Rows from a dataset on the Hugging Face Hub (or a local folder that `datasets` can load), streamed."""

import os
import warnings
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

from pydantic import Field

from smoltalk import records
from smoltalk.benchmarks.hub import head_of, reachable
from smoltalk.contracts import Source
from smoltalk.errors import RowFailed, WorldError
from smoltalk.hub_calls.asking import Asking
from smoltalk.hub_calls.unread import unread
from smoltalk.rows import Row
from smoltalk.sources import Licensed


class Hub(Licensed):
    """One row a record of one split. Nothing is downloaded whole. A run reads one commit to its end.

    Which columns are read stands in the YAML, so that `check` needs no network.
    """

    dataset: str = Field(min_length=1)
    """Its id on the Hub, or a folder."""
    columns: records.Columns
    """The columns to read, or `ours: theirs`; these must hold something in every row."""
    config: str | None = None
    split: str = "train"
    revision: str | None = None
    """A commit, tag or branch; the commit it names when a run begins is what the run reads, and is written down."""
    limit: int | None = Field(default=None, gt=0)
    """Read no more records than this."""
    repeat: int = Field(default=1, gt=0)
    """How many rows each record bears. The whole is read in as many rounds; the rows of a record differ by their
    `id`, and so by what is drawn for them."""

    def writes(self) -> frozenset[str]:
        return frozenset(records.named_columns(self.columns))

    def size(self) -> int | None:
        """What the dataset says of itself, cut to `limit`; `limit` alone when it does not say."""
        splits = self._open().info.splits or {}
        said = splits[self.split].num_examples if self.split in splits else None
        found = min(said, self.limit) if said and self.limit else said or self.limit
        return found and found * self.repeat

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        """Raises `WorldError` when the dataset cannot be loaded, or the connection breaks."""
        return records.repeated(self._once, self.repeat, start)

    def identity(self) -> dict[str, Any]:
        said = super().identity()
        return said if self.repeat > 1 else {name: value for name, value in said.items() if name != "repeat"}

    def pinned(self, commit: str | None) -> tuple[Source, str | None]:
        """The same at a commit: this one, or the one that the revision names now. A folder has none, and offline the
        libraries read what they have. Raises `WorldError`."""
        if self._is_folder() or os.environ.get("HF_HUB_OFFLINE"):
            return self, None
        found = commit or self._head()
        return self.model_copy(update={"revision": found}), found

    def _is_folder(self) -> bool:
        try:
            return Path(self.dataset).exists()
        except (OSError, ValueError):
            return False

    def _head(self) -> str:
        reachable(self.dataset)
        try:
            return Asking().ask(lambda: head_of(self.dataset, self.revision))
        except Exception as error:  # the library raises dozens of kinds, from the network up
            raise unread(error, self.dataset, self.revision) from error

    def _once(self, start: int) -> Iterator[Row | RowFailed]:
        """Raises `WorldError` when the dataset cannot be loaded, or the connection breaks."""
        columns = records.named_columns(self.columns)
        found = iter(self._open().skip(start))
        for index in islice(count(start), max(0, self.limit - start) if self.limit else None):
            try:
                record = next(found)
            except StopIteration:
                return
            except Exception as error:  # network, decoding, a loader's bug: the next run goes on from this row
                raise WorldError(f"dataset {self.dataset} broke off at row {index}: {error}") from error
            try:
                yield records.to_row(dict(record), columns, {}, promised=True)
            except records.RecordError as reason:
                yield RowFailed("unreadable", f"{self.dataset} row {index} {reason}")

    def _open(self) -> Any:
        """The streaming split. Raises `WorldError`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what imports warn about is not the user's business
            from datasets import load_dataset  # more than a second

            said: dict[str, Any] = {"split": self.split, "revision": self.revision, "streaming": True}
            try:
                return Asking().ask(lambda: load_dataset(self.dataset, self.config, **said))
            except Exception as error:  # the library raises dozens of kinds, from the network up
                raise unread(error, self.dataset, self.revision) from error
