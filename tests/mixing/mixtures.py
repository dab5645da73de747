"""Small mixtures for the tests of `mixing/`, written as a user would write them, and what one came to."""

import hashlib
import json
import random
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from smoltalk.mixing.progress import Progress, Result
from smoltalk.mixing.session import mix
from smoltalk.pipeline import load
from smoltalk.run.folder import RunFolder

_WORDS = [a + b + c for a in "bdfgklmnprst" for b in "aeiou" for c in "bdklmnst"]


def rows(many: int, seed: str, words: int = 12) -> list[dict[str, Any]]:
    """Conversations of one exchange, no two alike; the same for the same seed."""
    draw = random.Random(seed)

    def said() -> str:
        return " ".join(draw.choices(_WORDS, k=words))

    return [{"id": f"{seed}{row}", **talk(said(), said()), "level": row % 5} for row in range(many)]


def talk(asked: str, answered: str) -> dict[str, Any]:
    """A conversation of one exchange."""
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]}


def lines(path: Path, some: Iterable[Mapping[str, Any] | str]) -> Path:
    """A JSON Lines file; texts are written as they are."""
    path.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in some))
    return path


def pipeline(folder: Path, mixture: Mapping[str, Any], name: str = "mixed", **keys: Any) -> Path:
    """A pipeline file with this `mix:`."""
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps({"name": name, "licence": "mit", **keys, "mix": mixture}))
    return path


def mixed(file: Path, out: Path, threads: int | None = None, told: list[Progress] | None = None) -> Result:
    """Mix to the end."""
    return mix(load(file), RunFolder(out), (told if told is not None else []).append, threads)


def published(out: Path, split: str = "train") -> list[dict[str, Any]]:
    """The rows of a split, in order."""
    found: list[dict[str, Any]] = []
    for file in sorted((out / "data").glob(f"{split}-*.parquet")):
        found += pq.read_table(file).to_pylist()
    return found


def turned_away(out: Path, gate: str) -> list[dict[str, Any]]:
    """Rows of a file of `rejected/`, with their evidence read."""
    found = pq.read_table(out / "rejected" / f"{gate}.parquet").to_pylist()
    return [{**row, "evidence": json.loads(row["evidence"])} for row in found]


def ledger(out: Path) -> list[tuple[Any, ...]]:
    """All lines of the books."""
    with sqlite3.connect(out / "run.db") as connection:
        return connection.execute("SELECT * FROM rows ORDER BY row").fetchall()


def result(out: Path) -> dict[str, Any]:
    """All that must not depend on when and how often a mixture was begun: files by their bytes, lines of the books."""
    files: Sequence[Path] = sorted([*out.glob("data/*"), *out.glob("rejected/*"), out / "README.md"])
    with sqlite3.connect(out / "run.db") as connection:
        tally = connection.execute("SELECT * FROM tally ORDER BY kind, name, detail").fetchall()
        state = connection.execute("SELECT value FROM meta WHERE key = 'state'").fetchone()
    digests = {str(file.relative_to(out)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return {**digests, "lines": ledger(out), "tally": tally, "state": state}
