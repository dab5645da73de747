"""A run that is refused before anything was paid for leaves nothing behind."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from smoltalk.errors import UserError, WorldError
from smoltalk.run import database
from smoltalk.run.folder import RunFolder


@contextmanager
def gone_if_refused(folder: RunFolder) -> Iterator[None]:
    """A run that its user's mistake ends before anything was replied leaves no folder that was not there before."""
    made = [path for path in (folder.path, *folder.path.parents) if not path.exists()]
    try:
        yield
    except UserError:
        if made and not _replied(folder):
            shutil.rmtree(folder.path, ignore_errors=True)
            with suppress(OSError):  # somebody else's run is in there by now
                for path in made[1:]:
                    path.rmdir()
        raise


def _replied(folder: RunFolder) -> bool:
    """Whether there may be replies: what cannot be read may hold some."""
    if not folder.database.exists():
        return False
    try:
        with closing(database.connect(folder.database)) as connection:
            return bool(connection.execute("SELECT count(*) FROM replies").fetchone()[0])
    except (sqlite3.Error, WorldError):
        return True
