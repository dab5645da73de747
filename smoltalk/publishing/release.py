"""A release: files for a repository, built in a folder of its own, and the card that goes with them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from smoltalk.publishing.shards import Split

README = "README.md"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a release."""

    path: str
    """In the repository."""
    here: Path
    size: int
    sha256: str

    @property
    def git_blob(self) -> str:
        """What git calls a file of this content that is small enough to be kept as it is."""
        data = self.here.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass(frozen=True, slots=True)
class Release:
    """One configuration of a dataset, or a model. The repository's card is merged from what is there and `card`."""

    kind: Literal["dataset", "model"]
    """Of the repository it goes into."""
    config: str
    entries: tuple[Entry, ...]
    """In the order of their paths; the card is not among them, for it may tell of other configurations too."""
    card: str
    """The run's card: header and text."""
    info: dict[str, Any]
    """Of this configuration: `features`, `splits`, `download_size`, `dataset_size` as `datasets` writes them."""
    splits: tuple[Split, ...]
    owned: tuple[str, ...]
    """Folders of the repository that hold nothing but this release: what else is there, is of an earlier one."""

    @property
    def rows(self) -> int:
        """In all splits."""
        return sum(split.rows for split in self.splits)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.entries)


def entry(path: str, here: Path) -> Entry:
    """A file that is finished. Raises `OSError`."""
    return Entry(path, here, here.stat().st_size, _sha256(here))


def manifest(config: str, entries: tuple[Entry, ...], splits: tuple[Split, ...]) -> str:
    """JSON: the sha256 of every file but the card, and the rows of each split."""
    told = {
        "config": config,
        "rows": {split.name: split.rows for split in splits},
        "files": {one.path: {"sha256": one.sha256, "size": one.size} for one in entries},
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n"


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
