"""A run folder: where each thing is, and the lock that lets one process write it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from smoltalk.errors import Problem, UserError, WorldError

_TRIES, _PAUSE = 5, 0.05


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of one run. Nothing is created until the run starts."""

    path: Path

    @property
    def database(self) -> Path:
        """Ledger and journal."""
        return self.path / "run.db"

    @property
    def pipeline(self) -> Path:
        """The pipeline as run."""
        return self.path / "pipeline.yaml"

    @property
    def data(self) -> Path:
        """Accepted rows."""
        return self.path / "data"

    @property
    def rejected(self) -> Path:
        """Rejected and failed rows, a file a gate."""
        return self.path / "rejected"

    @property
    def card(self) -> Path:
        """The dataset card."""
        return self.path / "README.md"

    @property
    def environment(self) -> Path:
        """Versions and machine."""
        return self.path / "environment.json"

    @property
    def logs(self) -> Path:
        """What engines print."""
        return self.path / "logs"

    @property
    def lock(self) -> Path:
        """Holds the pid of the process that writes this folder."""
        return self.path / "run.lock"

    def exists(self) -> bool:
        """Whether a run was ever started here."""
        return self.database.exists()

    def must_exist(self) -> None:
        """Raises `UserError` when no run was ever started here."""
        if not self.exists():
            what = "a file, not the folder of a run" if self.path.is_file() else "no run: there is no run.db"
            raise UserError([Problem(str(self.path), 0, f"is {what}")])

    def unusable(self) -> str:
        """Why no run may start or go on here, as the end of a sentence that starts with the path; "" when one may.

        What is not a run's may be somebody's work, and a run writes over it. A run whose run.db was moved away still
        has the other files. Raises `OSError` for a folder that cannot be looked into.
        """
        if self.path.exists() and not self.path.is_dir():
            return "is a file, not a folder"
        there = {file.name for file in self.path.iterdir()} if self.path.is_dir() else set()
        ours = {self.pipeline.name, self.environment.name} <= there or any(n.startswith("run.db") for n in there)
        return "" if ours or there <= {self.lock.name, self.logs.name} else "is not empty and holds no run"


@contextmanager
def locked(folder: RunFolder) -> Iterator[None]:
    """Hold the folder for this process; the kernel lets go of the lock however the process ends.

    Raises `WorldError` naming the pid that holds it, or why the folder cannot be written.
    """
    with _opened(folder) as file:
        if not _taken(file):
            raise WorldError(
                f"{folder.path} is being run by process {holder(folder) or 'unknown'}",
                kept="everything: this process touched nothing",
                command=f"smoltalk status {folder.path}",
            )
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _opened(folder: RunFolder) -> IO[str]:
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        return folder.lock.open("a+")
    except OSError as error:
        sentence = f"{folder.path} cannot be written: {error.strerror}"
        raise WorldError(sentence, command="the same command with `--out` and another folder") from error


def _taken(file: IO[str]) -> bool:
    """Take the lock; a `status` that looks who holds it has it for a moment, so one refusal is not the last."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            time.sleep(_PAUSE)
    return False


def holder(folder: RunFolder) -> int | None:
    """The pid of the process that runs this folder now, or None."""
    if not folder.lock.exists():
        return None
    with folder.lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            text = file.read().strip()
            return int(text) if text.isdigit() else None
        fcntl.flock(file, fcntl.LOCK_UN)
    return None
