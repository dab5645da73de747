"""run.db: one SQLite file in WAL mode that holds the journal and the ledger.

replies  every engine reply and what it took, by (row, its id, step fingerprint, turn, attempt), before it is used
rows     where each row ended: fate, gate, reason, evidence, and its columns as JSON
tally    running counts of the two, so that the books of a million rows are read at once
moments  how each engine stood over time: sums so far, at most 2,000 lines a run
meta     the pipeline as run, its fingerprints, the state of the run

`sum` is a checksum of the texts beside it: SQLite notices a damaged page structure, not a damaged letter.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from smoltalk.errors import WorldError

_VERSION = 2

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replies (
    row INTEGER NOT NULL, id TEXT NOT NULL, step TEXT NOT NULL, turn INTEGER NOT NULL, attempt INTEGER NOT NULL,
    text TEXT NOT NULL, finish TEXT NOT NULL, bad TEXT NOT NULL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, seconds REAL NOT NULL, sum INTEGER NOT NULL,
    engine TEXT NOT NULL, cost REAL NOT NULL, cached INTEGER NOT NULL, reasoning TEXT NOT NULL,
    PRIMARY KEY (row, id, step, turn, attempt)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL, fate TEXT NOT NULL, gate TEXT NOT NULL,
    reason TEXT NOT NULL, evidence TEXT NOT NULL, columns TEXT NOT NULL, sum INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS tally (
    kind TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (kind, name, detail)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS moments (
    second INTEGER NOT NULL, engine TEXT NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
    in_flight INTEGER NOT NULL, full REAL NOT NULL, part REAL NOT NULL, empty REAL NOT NULL, waiting TEXT NOT NULL,
    PRIMARY KEY (second, engine)
) WITHOUT ROWID;
PRAGMA user_version = 2;
"""


def connect(path: Path, *, write: bool = False) -> sqlite3.Connection:
    """Open run.db. Raises `WorldError` when it is damaged or not ours.

    A writer syncs every commit to the disk: what is in the journal survives a power cut.
    """
    with sqlite_errors(path):
        mode = "rwc" if write else "ro"
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            _same_version(connection, path)
            if write:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.executescript(SCHEMA)
            elif path.stat().st_size:
                connection.execute("SELECT count(*) FROM meta").fetchone()
            else:
                raise damaged(path, "it is empty")
        except BaseException:
            connection.close()
            raise
        return connection


def _same_version(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, _VERSION):
        raise WorldError(
            f"{path} was written by another version of smoltalk (its format is {version}, this one's is {_VERSION})",
            kept="the run as it is",
            command="smoltalk run PIPELINE --out ANOTHER_FOLDER",
        )


def verify(connection: sqlite3.Connection, path: Path) -> None:
    """Read the whole file once before a run goes on from it. Raises `WorldError` when pages are missing or wrong."""
    with sqlite_errors(path):
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise damaged(path, str(verdict))


def checksum(*texts: str) -> int:
    """CRC-32 of texts, in their order."""
    return crc32("\0".join(texts).encode("utf-8", "surrogatepass"))


def damaged(path: Path, detail: str) -> WorldError:
    """run.db cannot be trusted."""
    return WorldError(
        f"{path} is damaged: {' '.join(detail.split())[:200]}",
        kept=f"the files beside it in {path.parent} are untouched",
        command=f"mv {path} {path}.damaged   and run the pipeline again: it starts afresh",
    )


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences: a full disk, a damaged file, no permission."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "disk is full" in text or "disk I/O" in text:
            raise WorldError(
                f"the disk is full or failing while writing {path} ({text})",
                kept="every reply and row committed before this moment",
                command="free some space, then the same `smoltalk run` command: it continues",
            ) from error
        raise WorldError(f"cannot open {path}: {text}") from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from error


def get_meta(connection: sqlite3.Connection, key: str, default: str = "") -> str:
    """One value of `meta`."""
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(found[0]) if found else default


def set_meta(connection: sqlite3.Connection, **values: object) -> None:
    """Set values of `meta`."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", [(k, str(v)) for k, v in values.items()])
