"""`.mix/` in a run's folder: what stages hand each other, so that a killed call goes on. Gone once books are closed.

    sources.json               what each source was when the first call looked: a Hub dataset stays at its commit
    sifted/DIGEST/00000.arrow  rows of a piece that passed; `.out.arrow` those that did not; `.json` once both are whole
    chosen/DIGEST/0.arrow      for each row that passed where it ends; `done.json` once all sources are there
    buckets/                   accepted rows on their way to their place; made anew by every call

DIGEST is of all that decides on what lies there: an edited pipeline finds what still holds, and nothing else.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from smoltalk.run.folder import RunFolder
from smoltalk.whole_file import replacing, write_whole


def digest(value: object) -> str:
    """12 hex digits of JSON."""
    return hashlib.blake2b(json.dumps(value, sort_keys=True, default=str).encode(), digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder's paths."""

    path: Path

    @classmethod
    def of(cls, folder: RunFolder) -> "Workplace":
        """That of a run."""
        return cls(folder.path / ".mix")

    @property
    def sources(self) -> Path:
        """What each source was."""
        return self.path / "sources.json"

    @property
    def buckets(self) -> Path:
        """Accepted rows on their way."""
        return self.path / "buckets"

    def sifted(self, of: str) -> Path:
        """Pieces of a source."""
        return self.path / "sifted" / of

    def chosen(self, of: str) -> Path:
        """What was chosen."""
        return self.path / "chosen" / of

    def keep_only(self, sifted: set[str]) -> None:
        """Remove what an earlier pipeline sifted and this one cannot use."""
        for place in (self.path / "sifted").glob("*"):
            if place.name not in sifted:
                shutil.rmtree(place)

    def remove(self) -> None:
        """All of it."""
        shutil.rmtree(self.path, ignore_errors=True)


def write_json(path: Path, value: object) -> None:
    """A whole file, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(value))


def read_json(path: Path) -> Any:
    """What a file holds; None where it is not there, or not whole."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def write_batch(path: Path, batch: pa.RecordBatch) -> None:
    """One batch as an Arrow file, not compressed: it is read where it lies, rows here and there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as new, pa.OSFile(str(new), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)


def read_batch(path: Path) -> pa.RecordBatch:
    """The batch of a file, mapped into memory: only what is looked at is read."""
    return pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
