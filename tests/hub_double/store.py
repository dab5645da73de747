"""What the pretended Hub keeps: repositories with commits, branches, tags and pull requests; contents by their hash."""

import hashlib
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

LARGE = {"parquet", "arrow", "bin", "safetensors", "gz", "zst", "zip"}
"""Endings of files that are stored as large ones, whatever their size."""
LARGE_BYTES = 10 * 2**20


class Refusal(Exception):
    """An answer that is no success; `code` is what the Hub's library tells kinds of 404 by."""

    def __init__(self, status: int, said: str, code: str = "") -> None:
        self.status, self.said, self.code = status, said, code
        super().__init__(said)


@dataclass(frozen=True)
class Stored:
    """One file of a commit."""

    git: str
    size: int
    sha256: str | None = None
    """Of a large file."""

    @property
    def blob(self) -> str:
        return self.sha256 or self.git


@dataclass(frozen=True)
class Commit:
    name: str
    parent: "Commit | None"
    files: dict[str, Stored]
    title: str
    text: str
    author: str
    date: str

    def history(self) -> Iterator["Commit"]:
        one: Commit | None = self
        while one is not None:
            yield one
            one = one.parent


@dataclass
class Pull:
    number: int
    title: str
    author: str
    date: str
    status: str = "open"


@dataclass
class Repository:
    kind: str
    name: str
    private: bool
    created: str
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    """`refs/heads/main` and the like -> commit."""
    pulls: list[Pull] = field(default_factory=list)

    def at(self, revision: str) -> Commit:
        for name in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}"):
            if name in self.refs:
                return self.commits[self.refs[name]]
        for name, commit in self.commits.items():
            if len(revision) >= 7 and name.startswith(revision):
                return commit
        raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")


class Store:
    """All of it. `lock` is held while a request is answered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "blobs").mkdir(parents=True)
        self.lock = threading.RLock()
        self.repositories: dict[tuple[str, str], Repository] = {}
        self._count = itertools.count()

    def blob(self, name: str) -> Path:
        return self.folder / "blobs" / name

    def kept(self, data: bytes) -> Stored:
        """A small file."""
        name = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        self.blob(name).write_bytes(data)
        return Stored(name, len(data))

    def large(self, sha256: str) -> Stored:
        """A large file that is up already."""
        size = self.blob(sha256).stat().st_size
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
        return Stored(hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest(), size, sha256)

    def repository(self, kind: str, name: str, user: str | None) -> Repository:
        """Raises `Refusal` as the Hub does: to a stranger a private repository is like none."""
        found = self.repositories.get((kind, name))
        if found is None or (found.private and user is None):
            raise Refusal(401 if user is None else 404, "Repository not found", "RepoNotFound")
        return found

    def made(self, kind: str, name: str, private: bool, user: str) -> Repository:
        new = Repository(kind, name, private, self.now())
        endings = "".join(f"*.{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in sorted(LARGE))
        first = self.commit(new, None, {".gitattributes": self.kept(endings.encode())}, "initial commit", "", user)
        new.refs["refs/heads/main"] = first.name
        self.repositories[kind, name] = new
        return new

    def commit(
        self, where: Repository, parent: Commit | None, files: dict[str, Stored], title: str, text: str, user: str
    ) -> Commit:
        number = next(self._count)
        name = hashlib.sha1(f"{where.name} {number} {title}".encode()).hexdigest()
        where.commits[name] = Commit(name, parent, files, title, text, user, self.now())
        return where.commits[name]

    def now(self) -> str:
        """A clock that goes on by a second whenever it is looked at."""
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=next(self._count))
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
