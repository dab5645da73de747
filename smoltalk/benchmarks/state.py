"""What the files hold that benchmarks are read from: when that changes, other rows may hold a question."""

from collections.abc import Sequence
from pathlib import Path

from smoltalk import local_files
from smoltalk.benchmarks.named import SPECS, Named, named
from smoltalk.benchmarks.shelf import place


def state(against: Sequence[str], beside: Path | None = None) -> list[list[str | int]]:
    """Name, bytes and hash of each file of items, spec of one's own, and fingerprint; those that are not there are not.

    `against` and `beside` are as `prints` takes them.
    """
    found, _ = named(against, beside)
    return local_files.digests([file for one in found for file in _files(one) if file.is_file()])


def _files(one: Named) -> list[Path]:
    if one.items:
        return [one.items]
    if one.path and one.path.suffix in SPECS:
        return [one.path, one.path.with_suffix(".npz")]
    return [file for file in [place(one.name)] if file]
