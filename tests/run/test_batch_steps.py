"""Steps that write batches: a bad row fails alone, and the world's failure ends the session, as in every step."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from smoltalk.contracts import BatchWrite
from smoltalk.errors import WorldError
from smoltalk.pipeline import load
from smoltalk.rows import Row
from smoltalk.run.folder import RunFolder
from smoltalk.run.session import books_of
from tests.run.pipelines import run, written

PIPELINE = """
name: small
steps:
  - jsonl: {path: LINES}
  - tests.run.test_batch_steps.Upper: {}
"""


class Upper(BatchWrite):
    """Answers in capitals; trips over `bad`, and needs a device that `gone` takes away."""

    def reads(self) -> frozenset[str]:
        return frozenset({"instruction"})

    def writes(self) -> frozenset[str]:
        return frozenset({"response"})

    def write_batch(self, rows: Sequence[Row]) -> list[Row]:
        if any(row["instruction"] == "gone" for row in rows):
            raise WorldError("the device is gone")
        if any(row["instruction"] == "bad" for row in rows):
            raise ValueError("bad")
        return [{"response": row["instruction"].upper()} for row in rows]


def pipeline(folder: Path, *instructions: str) -> Path:
    (folder / "lines.jsonl").write_text("".join(f'{{"instruction": "{text}"}}\n' for text in instructions))
    return written(folder, PIPELINE.replace("LINES", str(folder / "lines.jsonl")))


def test_a_bad_row_fails_alone(tmp_path: Path) -> None:
    books = run(load(pipeline(tmp_path, "a", "bad", "b")), tmp_path / "run")
    assert (books.accepted, books.failed) == (2, 1)


def test_the_world_ends_the_session_and_fails_no_row(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="the device is gone"):
        run(load(pipeline(tmp_path, "a", "gone", "b")), tmp_path / "run")
    books = books_of(RunFolder(tmp_path / "run"))
    assert (books.state, books.failed) == ("interrupted", 0)
