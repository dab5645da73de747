"""Run as a program: mixes in one child process after another, each killed at another place, until one comes through.

    python -m tests.mixing.killed_mixing PIPELINE FOLDER

Prints the places at which a child was killed.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from smoltalk import whole_file
from smoltalk.duplicates.exact import ExactIndex
from smoltalk.duplicates.near import NearIndex
from smoltalk.mixing import books, buckets, choose, session, shards, sift, workplace
from smoltalk.mixing.progress import Progress
from smoltalk.mixture.hashing import hashed
from smoltalk.pipeline import load
from smoltalk.run import staging
from smoltalk.run.folder import RunFolder

PLACES: list[tuple[str, Any, str, int]] = [
    ("before anything is sifted", session, "opened", 0),
    ("a piece is written, not counted", sift, "write_json", 0),
    ("some pieces are counted", sift, "write_json", 2),
    ("a file of a piece is half there", whole_file, "os.fsync", 1),
    ("one source is chosen", choose, "write_batch", 1),
    ("all are chosen, nobody says so", choose, "write_json", 0),
    ("the ledger has some lines", books.Ledger, "write", 3),
    ("rows are in buckets", buckets.Buckets, "add", 2),
    ("the ledger has all lines", session, "write_shards", 0),
    ("a file of the set is being written", shards, "ordered", 0),
    ("some files are in place", staging, "os.replace", 2),
    ("files are there, the books are open", books, "close", 0),
    ("the books are closed, the sifted rows are there", workplace.Workplace, "remove", 0),
]


def killing(real: Callable[..., Any], after: int) -> Callable[..., Any]:
    """The same, until the process is killed before call number `after`."""
    calls = 0

    def call(*given: Any, **named: Any) -> Any:
        nonlocal calls
        if calls == after:
            os.kill(os.getpid(), signal.SIGKILL)
        calls += 1
        return real(*given, **named)

    return call


def child(file: Path, out: Path, owner: Any, name: str, after: int) -> bool:
    """Mix in a child; whether it was killed."""
    pid = os.fork()
    if not pid:
        if name.startswith("os."):
            call = killing(getattr(os, name[3:]), after)
            owner.os = SimpleNamespace(**{**vars(os), name[3:]: call})
        else:
            setattr(owner, name, killing(getattr(owner, name), after))
        session.mix(load(file), RunFolder(out), heard)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def heard(progress: Progress) -> None:
    """Nobody listens."""


def main(file: Path, out: Path) -> None:
    """Every place once; then to the end. What takes long to load is loaded once; it starts no thread."""
    NearIndex(0.7)
    ExactIndex()
    hashed(pa.array(["x"]))
    for what, owner, name, after in PLACES:
        if child(file, out, owner, name, after):
            print(what)
    session.mix(load(file), RunFolder(out), heard)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
