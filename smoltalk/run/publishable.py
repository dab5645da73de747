"""What a run whose books are closed leaves for others: Parquet, rejects, the dataset card, the environment."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smoltalk.errors import WorldError
from smoltalk.pipeline import Pipeline
from smoltalk.run.database import sqlite_errors
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import Books


def write_files(pipeline: Pipeline, folder: RunFolder, connection: sqlite3.Connection, books: Books) -> None:
    """Write `data/`, `rejected/`, `README.md` and `environment.json` from run.db: all of them, or none.

    The same books give the same bytes. Raises `UserError` (accepted rows with nothing to train on) and `WorldError`
    (disk full, no permission); run.db is never touched.
    """
    from smoltalk.run.card import card
    from smoltalk.run.environment import environment
    from smoltalk.run.row_files import write_rows
    from smoltalk.run.staging import Staged

    with _disk_errors(pipeline, folder), sqlite_errors(folder.database), Staged() as staged:
        published = write_rows(pipeline, folder, connection, staged, str(pipeline.path))
        staged.write_text(folder.card, card(pipeline, books, published))
        staged.write_text(folder.environment, environment(pipeline, connection))


@contextmanager
def _disk_errors(pipeline: Pipeline, folder: RunFolder) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = Path(str(error.filename)).parent if error.filename else folder.path
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
                sentence = f"the disk is full: the dataset files do not fit into {folder.path}"
            case errno.EACCES | errno.EPERM | errno.EROFS:
                sentence = f"there is no permission to write the dataset files into {where}"
            case _:
                sentence = f"the dataset files cannot be written into {where}: {error.strerror or error}"
        raise WorldError(
            sentence,
            kept=f"every row and reply is in {folder.database}; files of an earlier session are as they were",
            command=f"smoltalk run {pipeline.path} --out {folder.path}",
        ) from error
