"""A release in a folder: what would be pushed, to look at and to load."""

import os
from contextlib import suppress
from pathlib import Path

from smoltalk.errors import Problem
from smoltalk.publishing.card import merged
from smoltalk.publishing.release import README, Release
from smoltalk.publishing.working import WORK
from smoltalk.whole_file import write_whole


def unusable(folder: Path) -> list[Problem]:
    """Why no release may be written here: what is not one may be somebody's work."""
    if folder.exists() and not folder.is_dir():
        return [Problem("--to", 0, f"{folder} is a file, not a folder")]
    there = {one.name for one in folder.iterdir()} - {WORK} if folder.is_dir() else set[str]()
    if there and not any(folder.glob("run/*/manifest.json")):
        return [Problem("--to", 0, f"{folder} is not empty and holds no release", "name a new folder: --to FOLDER")]
    return []


def write_mirror(release: Release, folder: Path, name: str) -> Path:
    """Move the release into `folder`, as one configuration of what is there; returns the card's path.

    The card comes last and by a rename: until then an earlier one tells of earlier files. Raises `OSError`.
    """
    readme = folder / README
    existing = readme.read_text(encoding="utf-8") if readme.is_file() else None
    card = merged(existing, release, name)
    ours = {folder / one.path for one in release.entries}
    for one in release.entries:
        final = folder / one.path
        final.parent.mkdir(parents=True, exist_ok=True)
        os.replace(one.here, final)  # noqa: PTH105
    write_whole(readme, card)
    for owned in release.owned:
        for old in (folder / owned).rglob("*"):
            if old.is_file() and old not in ours:
                with suppress(FileNotFoundError):
                    old.unlink()
    return readme
