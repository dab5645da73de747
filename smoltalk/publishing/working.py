"""The folder a release is built in: one process at a time, and gone when it ends."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smoltalk.errors import WorldError

WORK = ".release"
"""Hidden, so that `load_dataset` on the folder it is in does not see it."""


@contextmanager
def work_folder(beside: Path) -> Iterator[Path]:
    """An empty folder in `beside`; the kernel lets go of it however the process ends.

    Raises `WorldError` where another process has it, `OSError` where it cannot be written.
    """
    work = beside / WORK
    work.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(work, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            sentence = f"{beside} is being pushed by another process"
            raise WorldError(sentence, "everything: this process touched nothing", "the same command, later") from error
        _empty(work)
        try:
            yield work
        finally:
            _empty(work)
            work.rmdir()
    finally:
        os.close(descriptor)


def _empty(folder: Path) -> None:
    for one in folder.iterdir():
        shutil.rmtree(one) if one.is_dir() else one.unlink()
