"""A run's folder as far as a mixture looks at it: books, pipeline, rows."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def turns(*contents: str) -> list[dict[str, str]]:
    """A conversation that the user begins."""
    return [{"role": ("user", "assistant")[i % 2], "content": content} for i, content in enumerate(contents)]


def run(
    folder: Path, rows: list[dict[str, Any]], state: str = "complete", settings: Mapping[str, str] | None = None,
    **head: str,
) -> Path:  # fmt: skip
    """A run with these rows; `head` are keys of its pipeline."""
    (folder / "data").mkdir(parents=True)
    if rows:
        pq.write_table(pa.Table.from_pylist(rows), folder / "data" / "train-00000.parquet")
    (folder / "pipeline.yaml").write_text("".join(f"{key}: {value}\n" for key, value in head.items()))
    with closing(sqlite3.connect(folder / "run.db")) as connection, connection:
        connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        meta = {"state": state, "settings": json.dumps(settings or {})}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    return folder
