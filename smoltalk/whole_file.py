"""A file that is there whole or not at all, whatever ends the process that writes it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place beside `path` that takes its name once it is written and on the disk; what is given up leaves nothing.

    Its name is hidden, holds this process's number and ends in `.tmp`. Raises `OSError`.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield new
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Put a UTF-8 text, its line ends as they are, in the place of what is there. Raises `OSError`."""
    with replacing(path) as new:
        new.write_text(text, encoding="utf-8", newline="\n")
