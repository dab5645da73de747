"""Candidate pairs of a closed run as a dataset of their own: Parquet that DPO trainers take, and its card."""

import sqlite3
from contextlib import closing
from pathlib import Path

import yaml

from smoltalk.catalog import data_folder
from smoltalk.errors import Problem, UserError
from smoltalk.pipeline import Pipeline
from smoltalk.run import database
from smoltalk.run.card_of_pairs import preferences
from smoltalk.run.column_types import clean
from smoltalk.run.folder import RunFolder, holder
from smoltalk.run.ledger import Books
from smoltalk.run.markdown import code, inline, table
from smoltalk.run.pairs import PARTS, Account, Pair, pairs
from smoltalk.run.parquet import ParquetFiles, messages_type
from smoltalk.run.preferences import Preferences
from smoltalk.run.staging import Staged

_CLOSED = ("complete", "stopped")
_OURS = {"data", "README.md"}


def write_pairs(folder: RunFolder, out: Path) -> Account:
    """Write `data/` and `README.md` under `out`: all of them, or none. The same run gives the same bytes.

    Raises `UserError` for no run, one whose books are open, one that makes pairs itself, and a folder that holds
    something else; `WorldError` when the run is damaged, `OSError` when nothing can be written.
    """
    from smoltalk.run.reopen import reopen_to_tell
    from smoltalk.run.session import books_of

    books = books_of(folder)
    pipeline = reopen_to_tell(folder)
    _refuse(folder, out, pipeline, books)
    account, found = Account(), Preferences()
    with (
        closing(database.connect(folder.database)) as connection,
        database.sqlite_errors(folder.database),
        Staged() as staged,
    ):
        _write(staged, out, pipeline, connection, account, found)
        staged.write_text(out / "README.md", _card(pipeline, account, found))
        staged.sweep(out / "data", "train-*.parquet")
    return account


def _refuse(folder: RunFolder, out: Path, pipeline: Pipeline, books: Books) -> None:
    sentence, hint = "", ""
    if books.state not in _CLOSED or holder(folder) is not None:
        sentence, hint = "its books are open: rows may still be accepted", f"smoltalk run {folder.path} closes them"
    elif pipeline.makes == "dpo":
        sentence = "makes pairs itself: they are its accepted rows"
    if sentence:
        raise UserError([Problem(str(folder.path), 0, sentence, hint)])
    if out.exists() and (not out.is_dir() or {file.name for file in out.iterdir()} - _OURS):
        raise UserError([Problem("--out", 0, f"{out} holds something else than pairs", "name another folder")])


def _write(
    staged: Staged, out: Path, pipeline: Pipeline, connection: sqlite3.Connection, account: Account, found: Preferences
) -> None:
    import pyarrow as pa

    texts = ("gate", "reason", "evidence", "chosen_row", "rejected_row")
    schema = [(name, pa.string()) for name in ("id", "source")]
    schema += [(name, messages_type()) for name in PARTS] + [(name, pa.string()) for name in texts]
    files = ParquetFiles(schema, lambda n: staged.path(out / "data" / f"train-{n:05}.parquet"))
    try:
        for pair in pairs(pipeline, connection, account):
            found.see(_length(pair, "chosen"), _length(pair, "rejected"), {})
            line = (
                pair.id,
                clean(pair.source),
                pair.prompt,
                pair.chosen,
                pair.rejected,
                pair.where,
                clean(pair.reason),
            )
            files.add((*line, clean(pair.evidence), pair.chosen_row, pair.rejected_row), len(pair.evidence) + 1000)
        files.close()
    except BaseException:
        files.abandon()
        raise


def _length(pair: Pair, side: str) -> int:
    return sum(len(turn["content"]) for turn in getattr(pair, side))


def _card(pipeline: Pipeline, account: Account, found: Preferences) -> str:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    header = {
        "pretty_name": f"{pipeline.name} pairs",
        "task_categories": ["text-generation"],
        "tags": ["synthetic", "dpo", "preference", "conversational", "smoltalk-factory"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*.parquet"}]}],
    }
    source = (data_folder("templates") / "cards" / "pairs.md.j2").read_text(encoding="utf-8")
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    made, unusable = account.made.most_common(), account.unusable.most_common()
    return environment.from_string(source).render(
        header=yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=1000),
        title=inline(pipeline.name),
        pairs=account.pairs,
        made=table(("gate or step", "reason", "pairs"), [(code(w), code(r), f"{n:,}") for (w, r), n in made], right=1),
        unusable=table(
            ("gate or step", "why", "rows"), [(code(w), inline(r), f"{n:,}") for (w, r), n in unusable], right=1
        )
        if unusable
        else "",
        against=", ".join(code(name) for name in account.against),
        preferences=preferences(found) if found.pairs else "",
    )
