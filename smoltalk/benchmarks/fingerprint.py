"""A benchmark's fingerprint: hashes of its items, never text, in a file that says whether it is whole."""

import hashlib
import io
import json
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from smoltalk.benchmarks.wording import checksum
from smoltalk.described import Described
from smoltalk.errors import Problem, UserError
from smoltalk.whole_file import replacing
from smoltalk.words import VERSION as WORDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = 6
"""Raised whenever the arrays of a fingerprint mean something else, or other units are chosen: stored ones are then
void."""
_STALE = 3600
"""Seconds after which nobody is still writing a file."""
COMMON = 64
"""An n-gram in more items of its benchmark than this is wording, not content: left out where enough others remain."""


class Manifest(Described):
    """What a fingerprint was built from, kept inside it."""

    name: str
    origin: str
    """The dataset and revision, or the file, that was read."""
    rows: int
    """Items read."""
    items: int
    """Items that can be found again, some of them under another item that asks the same."""
    sha256: str
    """Of the items read: each as JSON with sorted keys, one a line."""
    everyday: str
    """The checksum of the wording that it was weighed against (`wording.checksum`)."""
    pinned: str | None = None
    """The commit that the spec pinned when it was built; None where it pins none, and for files of items."""
    format: int = FORMAT
    words: int = WORDS


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """Hashes of one benchmark, unit after unit: an item is one to three units, or none."""

    manifest: Manifest
    ids: tuple[str, ...]
    """What the items are called; empty where they go by their number in the dataset's order, from 0."""
    items: "NDArray[np.uint32]"
    """The item of each unit, counted from 0."""
    kinds: "NDArray[np.uint8]"
    """`match.LONG`, `RUN`, `WHOLE` or `DIGITS`."""
    lengths: "NDArray[np.uint32]"
    """Words in each unit."""
    runs: "NDArray[np.uint64]"
    """The hash of all words of each; of a long number, that of its digits."""
    grams: "NDArray[np.uint32]"
    """The low 32 bits of n-gram hashes: all of a long unit in their order, the rarest of a run."""
    places: "NDArray[np.uint8]"
    """Of each unit the place of its first n-gram in `grams`, in words; not 0 for runs alone."""
    spread: "NDArray[np.uint8]"
    """In how many items each of `grams` occurs, at most `COMMON`; 0 where it is not to be looked for."""
    everyday: "NDArray[np.uint8]"
    """In how many of the conversations behind `everyday.npz` each occurs, at most 255."""
    numbers: "NDArray[np.uint16]"
    """For each word of a long unit 0, or 16 bits of what its digits say."""
    lost: "NDArray[np.uint32]"
    """Items that cannot be found: no words, or a short question whose choices tell nothing either."""

    @property
    def unfound(self) -> tuple[str, ...]:
        """What the items that cannot be found are called, in their order."""
        return tuple(map(self.called, self.lost.tolist()))

    def called(self, item: int) -> str:
        """The id of an item, or its number."""
        return self.ids[item] if self.ids else str(item)


ARRAYS = tuple(field.name for field in fields(Fingerprint))[2:]


def save(fingerprint: Fingerprint, path: Path) -> None:
    """Write a fingerprint whose bytes depend on nothing but its content; its file appears whole."""
    arrays = {name: getattr(fingerprint, name) for name in ARRAYS}
    ids = json.dumps(fingerprint.ids, ensure_ascii=False).encode("utf-8", "replace")
    write(path, arrays, {"manifest": fingerprint.manifest.model_dump_json().encode(), "ids": ids})


def read(path: Path, name: str, remedy: str) -> Fingerprint:
    """The fingerprint in a file. Raises `UserError` where it is missing, damaged, of another version or benchmark.

    `name` and `remedy` are what the problem says.
    """

    with _refusing(path, name, remedy):
        arrays, notes = contents(path)
        told = _manifest(notes["manifest"], name)
        return Fingerprint(told, tuple(json.loads(notes["ids"])), **{name: arrays[name] for name in ARRAYS})


def glance(path: Path, name: str, remedy: str) -> Manifest:
    """The manifest alone, and whether the file is whole by its archive's own checksums: in a few milliseconds, without
    numpy. Raises as `read`."""
    with _refusing(path, name, remedy), zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:
            raise ValueError("its checksum is another")
        array = archive.read("manifest.npy")
        return _manifest(array[10 + int.from_bytes(array[8:10], "little") :], name)  # behind the header of format 1


class _NotUsed(Exception):
    """Why a whole fingerprint is not used."""


@contextmanager
def _refusing(path: Path, name: str, remedy: str) -> Iterator[None]:
    """Whatever reading a fingerprint raises, as a `UserError`."""

    def refused(why: str) -> UserError:
        return UserError([Problem(str(path), 0, f"the fingerprint of `{name}` {why}", remedy)])

    if not path.is_file():
        raise refused("is missing")
    try:
        yield
    except _NotUsed as error:
        raise refused(f"{error} and is not used") from None
    except _OLDER:
        raise refused("was built by another version of smoltalk and is not used") from None
    except DAMAGED as error:
        raise refused(f"is damaged and is not used ({error})") from None


def _manifest(note: bytes, name: str) -> Manifest:
    """Raises `_NotUsed`, and what a damaged one raises."""
    manifest = json.loads(note)
    if (manifest.get("format"), manifest.get("words")) != (FORMAT, WORDS):
        raise _NotUsed("was built by another version of smoltalk")
    told = Manifest.model_validate(manifest)
    if told.name != name:
        raise _NotUsed(f"is one of `{told.name}`")
    if told.everyday != checksum():
        raise _NotUsed("was weighed against other everyday wording than there is now")
    return told


_ZIP = b"PK\x03\x04"
_OLDER = (KeyError, AttributeError, ValidationError)
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, ValueError, LookupError, OSError, EOFError, MemoryError,
    NotImplementedError, AttributeError, TypeError,
)  # fmt: skip
"""What reading a damaged file can raise."""


def write(path: Path, arrays: "dict[str, NDArray[Any]]", notes: dict[str, bytes]) -> None:
    """An `.npz` of arrays and of notes (bytes), with a checksum over all of them; deterministic, by atomic rename."""
    import numpy as np

    parts = {**arrays, **{name: np.frombuffer(note, np.uint8) for name, note in notes.items()}}
    parts["checksum"] = np.frombuffer(_checksum(parts), np.uint8)
    for left in path.parent.glob(f".{path.name}.[0-9]*"):  # of a build that was killed
        if time.time() - left.stat().st_mtime > _STALE:
            left.unlink(missing_ok=True)
    with replacing(path) as beside, zipfile.ZipFile(beside, "w") as archive:
        for name, array in parts.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy")  # its date is a constant
            archive.writestr(entry, buffer.getvalue(), zipfile.ZIP_DEFLATED, 9)


def contents(path: Path) -> "tuple[dict[str, NDArray[Any]], dict[str, bytes]]":
    """What `write` wrote: arrays, and notes. Raises `ValueError` and its kin where the file is damaged."""
    import numpy as np

    raw = path.read_bytes()
    if not raw.startswith(_ZIP):  # numpy would take it for a pickle, and say how to load that
        raise ValueError("it is no archive of arrays")
    with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
        parts = {name: stored[name] for name in stored.files}
    if parts.pop("checksum").tobytes() != _checksum(parts):
        raise ValueError("its checksum is another")
    return parts, {name: part.tobytes() for name, part in parts.items() if name in ("manifest", "ids")}


def _checksum(parts: "dict[str, NDArray[Any]]") -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for name, array in sorted(parts.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\0".encode())
        digest.update(array.tobytes())
    return digest.digest()
