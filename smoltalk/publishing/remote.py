"""What a repository holds at one commit, and what a release changes of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from smoltalk.hub_calls.faults import OddAnswer
from smoltalk.publishing.hub import Hub
from smoltalk.publishing.release import README, Entry, Release, entry


@dataclass(frozen=True, slots=True)
class Head:
    """A repository at one commit."""

    commit: str
    files: dict[str, str]
    """Path -> sha256 of what is stored as a large file, or git's name of what is not."""
    card: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What makes the repository hold the release."""

    added: tuple[Entry, ...]
    deleted: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.deleted)


def read_head(hub: Hub, revision: str) -> Head:
    """The repository as it is now. Raises what the Hub's library raises."""
    commit = hub.ask(lambda: hub.api.repo_info(**hub.about, revision=revision)).sha
    if commit is None:
        raise OddAnswer("no commit is named")
    files = read_files(hub, commit)
    return Head(commit, files, _card(hub, commit) if README in files else None)


def read_files(hub: Hub, commit: str) -> dict[str, str]:
    """Path -> name of the content, of every file at this commit."""
    found: list[Any] = hub.ask(lambda: list(hub.api.list_repo_tree(**hub.about, recursive=True, revision=commit)))
    return {one.path: one.lfs.sha256 if one.lfs else one.blob_id for one in found if hasattr(one, "blob_id")}


def _card(hub: Hub, commit: str) -> str:
    with TemporaryDirectory() as folder:
        options = {**hub.about, "filename": README, "revision": commit, "local_dir": folder}
        return Path(hub.ask(lambda: hub.api.hf_hub_download(**options))).read_text(encoding="utf-8")


def change(release: Release, card: Path, files: dict[str, str]) -> Change:
    """What of the release is not in the repository yet, and what of an earlier one is to go."""
    every = (*release.entries, entry(README, card))
    ours = {one.path for one in every}
    stale = (path for path in files if path not in ours and _is_in(path, release.owned))
    return Change(tuple(one for one in every if files.get(one.path, "") not in _names(one)), tuple(sorted(stale)))


def _names(one: Entry) -> Iterator[str]:
    """Either name, for the Hub decides how it stores a file; small ones only are read for git's."""
    yield one.sha256
    if one.size <= _SMALL:
        yield one.git_blob


_SMALL = 12_000_000
"""Bytes; the Hub stores what is larger than 10 MB as a large file."""


def _is_in(path: str, folders: tuple[str, ...]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)
