"""Pools: each row has its teacher, the best of several is kept, and every reply is in the journal."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.run.pipelines import loaded, run
from tests.run.test_stream import ledger

POOLED = """
name: pooled
engines:
  kind: {tests.run.scripted.Scripted: {style: good}}
  rude: {tests.run.scripted.Scripted: {style: rude}}
JUDGE  teachers: {pool: {POOL}}
steps:
  - jsonl: {path: LINES, columns: [instruction, language]}
  - ask: {engine: teachers, template: answer}
keep: [language]
"""


def answers(folder: Path, pool: str, count: int = 12) -> tuple[list[tuple[str, str]], list[tuple[str, int]]]:
    """(language, answer) of each row, and replies by engine as the journal has them."""
    lines = [f'{{"instruction": "q{i}", "language": "{"de" if i % 3 == 0 else "en"}"}}\n' for i in range(count)]
    (folder / "lines.jsonl").write_text("".join(lines))
    judge = "  judge: {tests.run.scripted.Scorer: {}}\n" if "judge" in pool else ""
    text = POOLED.replace("JUDGE", judge).replace("POOL}", f"{pool}}}").replace("LINES", str(folder / "lines.jsonl"))
    books = run(loaded(folder, text), folder / "run")
    assert books.balanced and books.accepted == count
    with closing(sqlite3.connect(folder / "run" / "run.db")) as connection:
        query = "select json_extract(columns, '$.language'), json_extract(columns, '$.response') from rows order by row"
        rows = connection.execute(query).fetchall()
        engines = connection.execute("select engine, count(*) from replies group by engine order by engine").fetchall()
    return rows, engines


def test_round_robin_gives_each_teacher_its_rows(tmp_path: Path) -> None:
    rows, engines = answers(tmp_path, "of: [kind, rude]")
    assert [answer.split()[0] for _, answer in rows] == ["good", "rude"] * 6
    assert engines == [("kind", 6), ("rude", 6)]


def test_a_column_decides(tmp_path: Path) -> None:
    rows, _ = answers(tmp_path, "of: [kind, rude], route: by_column, column: language, where: {de: rude, en: kind}")
    assert {(language, answer.split()[0]) for language, answer in rows} == {("de", "rude"), ("en", "good")}


def test_the_best_is_kept_and_all_are_written_down(tmp_path: Path) -> None:
    rows, engines = answers(tmp_path, "of: [kind, rude], route: best_of, judge: judge")
    assert engines == [("judge", 24), ("kind", 12), ("rude", 12)]
    for i, (_, answer) in enumerate(rows):
        asked = f"q{i}"
        scores = {style: len(asked) + len(f"{style} answer to {asked}") for style in ("good", "rude")}
        assert answer.split()[0] == max(scores, key=lambda style: scores[style] % 97)


def test_a_pool_goes_on_from_the_journal(tmp_path: Path) -> None:
    answers(tmp_path, "of: [kind, rude], route: best_of, judge: judge")
    before = ledger(tmp_path / "run")
    gated = "keep: [language]\ngates: [{length: {of: response, min: 1}}]"
    text = (tmp_path / "small.yaml").read_text().replace("keep: [language]", gated)
    books = run(loaded(tmp_path, text), tmp_path / "run")
    assert sum(e["requests"] for e in books.engines.values()) == 48, "nothing was asked again"
    assert ledger(tmp_path / "run") == before


def test_a_step_hears_who_answered(tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text('{"instruction": "a"}\n{"instruction": "b"}\n')
    text = SIGNED.replace("LINES", str(tmp_path / "lines.jsonl"))
    run(loaded(tmp_path, text), tmp_path / "run")
    with closing(sqlite3.connect(tmp_path / "run" / "run.db")) as connection:
        query = "select json_extract(columns, '$.pooled_by', '$.alone_by') from rows order by row"
        assert [said for (said,) in connection.execute(query)] == ['["kind","rude"]', '["rude","rude"]']


SIGNED = """
name: signed
engines:
  kind: {tests.run.scripted.Scripted: {style: good}}
  rude: {tests.run.scripted.Scripted: {style: rude}}
  teachers: {pool: {of: [kind, rude]}}
steps:
  - jsonl: {path: LINES, columns: [instruction]}
  - tests.run.scripted.Signed: {engine: teachers, column: pooled}
  - tests.run.scripted.Signed: {engine: rude, column: alone}
  - ask: {engine: kind, template: answer}
"""
