"""A run whose pipeline names files by relative paths goes on from any working directory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.run.folder import RunFolder
from smoltalk.run.reopen import reopen
from tests.run.pipelines import loaded, run

PIPELINE = """
name: small
engines: {writer: {tests.run.scripted.Scripted: {}}}
steps:
  - SOURCE
  - pick: {column: style, of: styles.txt}
  - ask: {engine: writer, template: {column: style, where: {short: ask.j2, long: ask.j2}}}
  - ask: {engine: writer, template: answer}
"""
ASK = "---\nreturns: text\ncolumn: instruction\n---\n{{ style }} {{ text }}\n"


def told(rows: Iterator[Row | RowFailed]) -> list[str]:
    return [str(row) for row in rows]


@pytest.mark.parametrize(
    "source",
    [
        "documents: {path: notes}",
        "documents: {path: 'notes/*.txt'}",
        "topic_tree: {path: topics.yaml, levels: [text]}",
        "jsonl: {path: lines.jsonl, repeat: 2}",
    ],
)
def test_every_row_is_borne_and_picked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / "notes").mkdir(parents=True)
    elsewhere.mkdir()
    for name in ("a", "b", "c"):
        (home / "notes" / f"{name}.txt").write_text(name)
    (home / "topics.yaml").write_text("[a, b, c]")
    (home / "lines.jsonl").write_text('{"text": "a"}\n{"text": "b"}\n')
    (home / "styles.txt").write_text("short\nlong\n")
    (home / "ask.j2").write_text(ASK)
    monkeypatch.chdir(home)
    before = loaded(home, PIPELINE.replace("SOURCE", source))
    books = run(before, tmp_path / "run")
    assert books.state == "complete" and books.accepted == before.source.part.size()  # type: ignore[union-attr]
    rows = told(before.source.part.rows())  # type: ignore[union-attr]
    monkeypatch.chdir(elsewhere)
    again = reopen(RunFolder(tmp_path / "run"))
    assert told(again.source.part.rows()) == rows  # type: ignore[union-attr]
    assert [step.part.identity() for step in again.steps] == [step.part.identity() for step in before.steps]
    assert run(again, tmp_path / "run").accepted == books.accepted
