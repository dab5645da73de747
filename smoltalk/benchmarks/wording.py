"""The folder of what is everybody's: boilerplate, small talk, and the n-grams of ordinary conversations."""

import hashlib
from functools import cache
from pathlib import Path

from smoltalk.catalog import data_folder

FILES = ("boilerplate.txt", "everyday.npz", "small_talk.txt")
"""What a fingerprint depends on beside its items."""


def wording() -> Path:
    """Where it lies."""
    return data_folder("decontam") / "wording"


def checksum() -> str:
    """Of the files that fingerprints are built with: with others, other n-grams count. 16 hexadecimal digits."""
    return _of_files(wording())


@cache
def _of_files(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in FILES:
        file = folder / name
        content = file.read_bytes() if file.is_file() else b""
        digest.update(f"{name} {len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]
