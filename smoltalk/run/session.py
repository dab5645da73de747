"""One session of a run: open or continue the folder, stream, close the books, write what is published."""

import asyncio
import json
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.pipeline import Pipeline
from smoltalk.run import database
from smoltalk.run.fingerprints import changed, fingerprints, of_text
from smoltalk.run.folder import RunFolder, locked
from smoltalk.run.journal import Journal, delete_books
from smoltalk.run.ledger import Books, read_books
from smoltalk.run.pinning import pinned
from smoltalk.run.undone import gone_if_refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smoltalk.run.stream import Stream

Watch = Callable[["Stream"], "asyncio.Task[None] | None"]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a session found when it opened the folder."""

    continues: bool = False
    changed: list[str] = field(default_factory=list)
    """Labels of edited steps, and `source` or `gates`."""
    kept: int = 0
    """Replies that the pipeline as it is now will use again."""
    void: int = 0
    """Replies of edited steps: they stay in the journal, unused."""
    done: bool = False
    """Nothing is left to do: the run is complete and the pipeline is the same."""


def default_folder(pipeline: Pipeline) -> Path:
    """Where a run goes unless said otherwise."""
    return Path("runs") / pipeline.name


def go(pipeline: Pipeline, folder: RunFolder, *, opened: Callable[[Opening], None], watch: Watch) -> Books:
    """Run or continue a pipeline in its folder until its books are closed, and write its files.

    `opened` hears what was found; `watch` may start a task that follows the stream.
    Raises `UserError` when the folder holds another pipeline's run, `WorldError` (what was kept, how to go on) and
    `KeyboardInterrupt` on Ctrl-C or SIGTERM; in the last two cases the next call continues.
    """
    with _world_errors(folder), gone_if_refused(folder), locked(folder):
        opening, books = _open(pipeline, folder)
        opened(opening)
        if not opening.done:
            with _terminate_as_interrupt():
                asyncio.run(_stream(pinned(pipeline, folder), folder, books, watch))
        return finish(pipeline, folder)


def begin(pipeline: Pipeline, folder: RunFolder) -> Opening:
    """Open or create the run's database for this pipeline; the folder must be locked."""
    return _open(pipeline, folder)[0]


def finish(pipeline: Pipeline, folder: RunFolder) -> Books:
    """Write what a closed run publishes, as people left it where they have looked at its rows."""
    from smoltalk.run.people import reviewed
    from smoltalk.run.publishable import write_files

    reviewed(pipeline, folder)
    with closing(database.connect(folder.database)) as connection:
        books = read_books(connection)
        write_files(pipeline, folder, connection, books)
    return books


def books_of(folder: RunFolder) -> Books:
    """The books as they stand, live or after the fact. Raises `UserError` for no run, `WorldError` for a bad one."""
    folder.must_exist()
    with closing(database.connect(folder.database)) as connection, database.sqlite_errors(folder.database):
        return read_books(connection)


def _open(pipeline: Pipeline, folder: RunFolder) -> tuple[Opening, Books]:
    if folder.pipeline.exists() and folder.database.exists() and not folder.database.stat().st_size:
        raise database.damaged(folder.database, "it is empty, and a run was here")
    with closing(database.connect(folder.database, write=True)) as connection:
        if folder.database.stat().st_size:
            database.verify(connection, folder.database)
        now = fingerprints(pipeline)
        before = json.loads(database.get_meta(connection, "fingerprints", "{}"))
        books = read_books(connection)
        target = pipeline.target.accepted
        met = books.target is None if target is None else books.reached >= target
        done = books.state == "complete" and before == now and met
        opening = _compare(connection, before, now, done) if before else Opening()
        if opening.changed and not opening.kept:
            _same_file(connection, pipeline, folder)
        if done:  # words that change no row (a description, a column to keep) are taken over all the same
            _keep_pipeline(connection, pipeline, folder)
            return opening, books
        # Where rows ended is worked out again from the journal: gates remember, and a target or a gate may have moved.
        connection.execute("BEGIN IMMEDIATE")  # one transaction: a kill in here leaves the old books or the new ones
        delete_books(connection)
        database.set_meta(connection, fingerprints=json.dumps(now), target=target or "", state="running")
        _keep_pipeline(connection, pipeline, folder)
        connection.execute("COMMIT")
        return opening, books


def _same_file(connection: sqlite3.Connection, pipeline: Pipeline, folder: RunFolder) -> None:
    """Raises `UserError` when another pipeline made the run here: two of one name share their default folder."""
    made_by, path = Path(database.get_meta(connection, "path")), pipeline.path.resolve()
    if path not in (made_by, folder.pipeline.resolve()):
        other = "the run of another pipeline, {}, and none of its replies fits this one"
        if pipeline.mixes:
            other = "what another pipeline made, {}"
        sentence = f"{folder.path} holds {other.format(made_by)}"
        raise UserError([Problem(str(pipeline.path), 0, sentence, "give this one another `name`, or --out FOLDER")])


def _keep_pipeline(connection: sqlite3.Connection, pipeline: Pipeline, folder: RunFolder) -> None:
    where = {"path": pipeline.path.resolve(), "home": pipeline.home}
    born_with = json.dumps(sorted(pipeline.born_with))
    settings, text = json.dumps(pipeline.settings), of_text(pipeline)
    database.set_meta(connection, settings=settings, born_with=born_with, text=text, **where)
    staged = folder.pipeline.with_suffix(".staged")
    staged.write_text(pipeline.text, encoding="utf-8")
    staged.replace(folder.pipeline)


def _compare(connection: sqlite3.Connection, before: dict[str, str], now: dict[str, str], done: bool) -> Opening:
    valid = tuple(now.values())
    marks = ",".join("?" * len(valid))
    of_these = f"substr(step, 1, 12) IN ({marks})"  # after that stands which engine of a pool
    kept = connection.execute(f"SELECT count(*) FROM replies WHERE {of_these}", valid).fetchone()[0]
    every = connection.execute("SELECT count(*) FROM replies").fetchone()[0]
    return Opening(True, changed(before, now), kept, every - kept, done)


async def _stream(pipeline: Pipeline, folder: RunFolder, books: Books, watch: Watch) -> None:
    from smoltalk.run.stream import Stream

    folder.logs.mkdir(exist_ok=True)
    journal = Journal(folder.database)
    state, why = "interrupted", "it was stopped while rows were in flight"
    watcher = None
    try:
        journal.note(state="running", why="")
        stream = Stream(pipeline, folder, journal, books)
        watcher = watch(stream)
        state, why = await stream.run()
    except WorldError as error:
        why = error.sentence
        error.kept = error.kept or f"everything replied so far is in {folder.database}"
        error.command = error.command or f"smoltalk run {folder.path}"
        raise
    finally:
        if watcher is not None:
            watcher.cancel()
        if journal.failure is None:
            journal.note(state=state, why=why)
        await journal.close()
        with suppress(OSError):  # something was logged: it stays
            folder.logs.rmdir()
    if journal.failure is not None:
        raise journal.failure


@contextmanager
def _world_errors(folder: RunFolder) -> "Iterator[None]":
    """A file or folder that fails under a run is the world's failure, whoever touched it."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        kept = f"everything committed to {folder.database}" if folder.path.is_dir() and folder.exists() else ""
        raise WorldError(
            f"{error.strerror or error}{where}", kept=kept, command="put it right, then the same `smoltalk run` command"
        ) from error


@contextmanager
def _terminate_as_interrupt() -> "Iterator[None]":
    """SIGTERM ends a run as Ctrl-C does: rows in flight are let go, what is queued is written."""

    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
