"""The folder a call writes: rows by part, the state that lets the next call go on, and one process at a time."""

import fcntl
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from smoltalk.decontamination.tally import Tally
from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.whole_file import replacing, write_whole

SIDES: tuple[str, str, str] = ("clean", "contaminated", "unreadable")
_OURS = re.compile(r"part-[0-9]{5,}(-[0-9]+)?\.(parquet|jsonl)")
_FORMER = re.compile(r"part-[0-9]{5,}(-[0-9]{1,2})?\.parquet")
"""What an earlier version called files of rows, whose names do not sort as their rows."""


@dataclass(frozen=True, slots=True)
class OutFolder:
    """A part's rows count once its tally is there; until then its files are written anew."""

    path: Path
    sides: tuple[str, str] = SIDES[:2]
    """What rows are parted into, beside unreadable lines."""

    @property
    def summary(self) -> Path:
        """What was counted, as JSON."""
        return self.path / "summary.json"

    @property
    def report(self) -> Path:
        """The page with the spans."""
        return self.path / "report.html"

    @property
    def _state(self) -> Path:
        return self.path / ".parts"

    def rows(self, side: str, number: int, nth: int = 0) -> Path:
        """The file of a part's clean, contaminated or unreadable rows; `nth` counts up where their schema changes.

        Each name has both numbers, and of one width, so that whatever sorts names sorts rows.
        """
        ending = ".jsonl" if side == "unreadable" else f"-{nth:03}.parquet"
        return self.path / side / f"part-{number:05}{ending}"

    def files(self, side: str, number: int | None = None) -> list[Path]:
        """All that are there, or those of a part."""
        part = "*" if number is None else f"{number:05}[-.]*"
        return sorted((self.path / side).glob(f"part-{part}"))

    @contextmanager
    def opened(self, job: Mapping[str, Any]) -> Iterator[None]:
        """Hold the folder for a call. Raises `UserError` where it holds something else, or another call's rows."""
        if self.path.exists() and not self._state.is_dir() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise self._unusable("holds other files already" if self.path.is_dir() else "is a file")
        self._state.mkdir(parents=True, exist_ok=True)
        for side in self.sides:
            (self.path / side).mkdir(exist_ok=True)
        with (self._state / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise WorldError(f"another process is writing {self.path}") from error
            self._agree(json.loads(json.dumps(job)))
            for left in (*self.path.glob("*/.*.tmp"), *self.path.glob(".*.tmp")):
                left.unlink()
            yield

    def before(self) -> Mapping[str, Any]:
        """The job of the call that began the folder; empty where there was none."""
        try:
            found = json.loads((self._state / "job.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def tally(self, number: int) -> Tally | None:
        """What was counted in a finished part."""
        try:
            return Tally.model_validate_json(self.state(number).read_bytes())
        except (OSError, ValueError):
            return None

    def finished(self) -> dict[int, Tally]:
        """Every finished part."""
        numbers = sorted(int(path.stem) for path in self._state.glob("[0-9]*.json"))
        return {number: tally for number in numbers if (tally := self.tally(number)) is not None}

    def finish(self, number: int, tally: BaseModel) -> None:
        """A part's rows are all written."""
        self.write(self.state(number), tally.model_dump_json())

    def write(self, path: Path, text: str) -> None:
        """A whole file, or none."""
        path.parent.mkdir(exist_ok=True)
        write_whole(path, text)

    @contextmanager
    def replacing(self, path: Path) -> Iterator[Path]:
        """A place beside `path` that takes its name once it is written and on the disk."""
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as new:
            yield new

    def forget(self) -> None:
        """No part counts as finished: the call was a mistake."""
        for tally in self._state.glob("[0-9]*.json"):
            tally.unlink()
        self._empty()

    def _empty(self) -> None:
        """No rows of parts that do not count: files of other names are not ours and stay."""
        for side in dict.fromkeys((*self.sides, *SIDES)):
            for file in self.files(side):
                if _OURS.fullmatch(file.name):
                    file.unlink()

    def state(self, number: int) -> Path:
        """The file that is there once a part is finished."""
        return self._state / f"{number:05}.json"

    def _agree(self, job: dict[str, Any]) -> None:
        before, begun = self.before(), any(self._state.glob("[0-9]*.json"))
        changed = [name for name in {**before, **job} if before.get(name) != job.get(name)]
        if begun and not before:
            raise self._unusable(
                "holds rows, and what they were made of cannot be read: .parts/job.json is damaged or gone"
            )
        if begun and changed:
            raise self._unusable(f"holds the rows of another call, with other {', '.join(changed)}")
        if begun and any(_FORMER.fullmatch(file.name) for side in self.sides for file in self.files(side)):
            raise self._unusable("holds the rows of an earlier version, whose files are not named in the rows' order")
        if changed:
            self._empty()
            self.write(self._state / "job.json", json.dumps(job, indent=2))

    def _unusable(self, sentence: str) -> UserError:
        return UserError([Problem("--out", 0, f"{self.path} {sentence}", "name a new folder: --out FOLDER")])
