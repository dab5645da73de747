"""What a run whose books are closed leaves for others: Parquet, rejects, the dataset card, the environment."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smoltalk.document import parse
from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.kept import kept
from smoltalk.run.database import sqlite_errors
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import Books

TRAINER_COLUMNS = (
    "prompt completion chosen rejected label labels image images tools conversations chat_template_kwargs "
    "input_ids attention_mask completion_mask assistant_masks seq_lengths"
)
"""Names that make TRL take a conversational dataset for another kind; from `trl.data_utils` and `SFTTrainer`, 1.16."""


def write_files(pipeline: Pipeline, folder: RunFolder, connection: sqlite3.Connection, books: Books) -> None:
    """Write `data/`, `rejected/`, `README.md` and `environment.json` from run.db: all of them, or none.

    The same books give the same bytes. Raises `UserError` (a kept column that trainers would trip over, accepted rows
    without a conversation) and `WorldError` (disk full, no permission); run.db is never touched.
    """
    from smoltalk.run.card import card
    from smoltalk.run.environment import environment
    from smoltalk.run.row_files import write_rows
    from smoltalk.run.staging import Staged

    if problems := list(_bad_names(pipeline)):
        raise UserError(problems)
    with _disk_errors(pipeline, folder), sqlite_errors(folder.database), Staged() as staged:
        published = write_rows(pipeline, folder, connection, staged, str(pipeline.path))
        staged.write_text(folder.card, card(pipeline, books, published))
        staged.write_text(folder.environment, environment(pipeline, connection))


def _bad_names(pipeline: Pipeline) -> Iterator[Problem]:
    for column in kept(pipeline):
        if column.name in TRAINER_COLUMNS.split():
            document = parse(pipeline.text, str(pipeline.path))
            entries = document.data.get("keep") or []
            key = ("keep", entries.index(column.column)) if column.column in entries else ("keep",)
            sentence = (
                f"`keep` names column `{column.name}`, and trainers read a dataset with that column in another way"
            )
            yield document.problem(key, sentence, "leave it out, or have the step write it under another name")


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
