"""Data files on this machine: which ones a path means, what is wrong with it, and what tells them from others."""

import hashlib
from pathlib import Path

from smoltalk.errors import nearest


def files(path: str, suffix: str) -> list[Path]:
    """The file at `path`, or those of that suffix in the folder, by name; relative to the working directory."""
    place = Path(path)
    return sorted(place.glob(f"*{suffix}")) if place.is_dir() else [place] if place.is_file() else []


def missing(path: str, suffix: str) -> str:
    """Why `files` found none."""
    place = Path(path)
    if place.is_dir():
        return f"folder {path} holds no *{suffix} file"
    beside = [str(file) for file in place.parent.iterdir()] if place.parent.is_dir() else []
    near = nearest(path, beside)
    where = "" if place.is_absolute() else f" in the working directory, {Path.cwd()}"
    return f"no file {path}{where}" + (f"; {near}" if near.startswith("did") else "")


def digests(found: list[Path]) -> list[list[str | int]]:
    """Name, bytes and hash of each file."""
    return [[file.name, file.stat().st_size, _digest(file)] for file in found]


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "blake2b").hexdigest()[:16]
