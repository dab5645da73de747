"""A sound pipeline as data: everything is where the file says, and what nobody reads is said."""

import os
import subprocess
import sys
from pathlib import Path

from smoltalk.pipeline import Stock, describe, load
from smoltalk.pipeline.labels import labelled_gates, labelled_steps
from tests.pipeline.sound_pipeline import SOUND, problems

HERE = Path(__file__).parent


def test_everything_is_where_the_file_says(sound: Path) -> None:
    pipeline = load(sound)
    assert (pipeline.name, pipeline.language, pipeline.licence, pipeline.seed) == ("sound", "en", "cc-by-4.0", 0)
    assert pipeline.text == SOUND
    assert list(pipeline.engines) == ["teacher", "rater", "reward"]
    assert [(s.name, s.line, s.path) for s in pipeline.steps] == [
        ("magpie", 12, "steps.0.magpie"), ("score", 13, "steps.1.score"),
        ("ask", 14, "steps.2.ask"), ("ask", 15, "steps.3.ask"),
    ]  # fmt: skip
    assert pipeline.source == pipeline.steps[0]
    assert [g.line for g in pipeline.gates] == [17, 18]
    assert pipeline.target.accepted == 1000
    assert pipeline.keep == ("category", "quality")


def test_columns_draw_the_edges(sound: Path) -> None:
    pipeline = load(sound)
    assert pipeline.born_with == {"id", "source", "category"}
    assert pipeline.writers()["depth"] == 3 and pipeline.writers()["reward"] == 1
    assert "category" not in pipeline.writers()
    assert pipeline.edges() == (frozenset(), {0}, {0}, {0, 2})
    assert pipeline.levels() == ((0,), (1, 2), (3,))
    assert [label for label, _ in labelled_steps(pipeline)] == ["magpie", "score", "ask_rate_quality", "ask_depth"]
    assert [label for label, _ in labelled_gates(pipeline)] == ["Keep", "Keep_2"]


def test_a_source_that_does_not_write_is_no_step(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("name: p\nsteps: [{pretend.Questions: {}}]\n")
    pipeline = load(path)
    assert pipeline.steps == () and pipeline.born_with == {"id", "source", "instruction", "response"}


def test_description_is_golden(sound: Path) -> None:
    if os.environ.get("REGENERATE"):
        (HERE / "sound.txt").write_text(f"{describe(load(sound))}\n", encoding="utf-8")
    assert f"{describe(load(sound))}\n" == (HERE / "sound.txt").read_text(encoding="utf-8")


def test_a_stock_distilabel_step(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "name: p\nengines: {teacher: {pretend.Talker: {}}}\nsteps:\n"
        "  - distilabel.steps.LoadDataFromDicts: {data: [{instruction: hi}]}\n"
        "  - distilabel.steps.tasks.TextGeneration: {llm: teacher, output_mappings: {generation: response}}\n"
        "gates: [{pretend.Keep: {columns: [response]}}]\n"
    )
    pipeline = load(path)
    assert isinstance(pipeline.source.part, Stock) and pipeline.source.part.bears_rows
    assert pipeline.edges() == (frozenset(),) and "response" in pipeline.writers()
    assert "no engine named `techer`" in problems(path, **{"steps.1.llm": "techer"})
    assert "refuses its fields" in problems(path, **{"steps.1.group_generations": "[1, 2]"})
    path.write_text(path.read_text().replace("[response]", "[respones]"))
    assert "p.yaml:6  `pretend.Keep` reads column `respones`" in problems(path)


def test_checking_imports_nothing_heavy(sound: Path) -> None:
    code = (
        "import sys; from smoltalk.pipeline import describe, load; describe(load('sound.yaml'));"
        "print(sorted({'numpy', 'datasets', 'distilabel', 'pyarrow', 'torch', 'transformers'} & sys.modules.keys()))"
    )
    path = f"{HERE}:{HERE.parent.parent}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": path})
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_pools_may_choose_by_what_a_row_has_before_the_step(tmp_path: Path) -> None:
    """By a column of its birth, or one that comes before what the asking step reads; whatever the order in the file."""
    text = """\
name: pools
engines:
  a: {pretend.Talker: {}}
  b: {pretend.Talker: {}}
  by_topic: {pool: {of: [a, b], route: by_column, column: topic}}
  by_intent: {pool: {of: [a, b], route: by_column, column: intent}}
steps:
  - jsonl: {path: questions.jsonl, columns: {instruction: question, topic: topic}}
  - ask: {engine: a, template: rate_difficulty}
  - ask: {engine: by_topic, template: intent.j2}
  - ask: {engine: by_intent, template: answer.j2}
"""
    (tmp_path / "questions.jsonl").write_text('{"question": "q", "topic": "t"}\n')
    header = "---\nreturns: text\ncolumn: {}\n---\n{{{{ {} }}}}\n"
    (tmp_path / "intent.j2").write_text(header.format("note", "intent"))
    (tmp_path / "answer.j2").write_text(header.format("response", "note"))
    path = tmp_path / "pools.yaml"
    path.write_text(text.replace("questions.jsonl", str(tmp_path / "questions.jsonl")))
    assert load(path).name == "pools"


def test_what_nobody_reads_is_said(tmp_path: Path) -> None:
    text = """\
name: unread
engines:
  a: {pretend.Talker: {}}
  b: {pretend.Talker: {}}
  by_kind: {pool: {of: [a, b], route: by_column, column: kind}}
steps:
  - pretend.Questions: {}
  - ask: {engine: a, template: rate_quality}
  - ask: {engine: a, template: rate_difficulty}
  - ask: {engine: a, template: kind.j2}
  - ask: {engine: by_kind, template: note.j2}
keep: [difficulty]
"""
    (tmp_path / "kind.j2").write_text("---\nreturns: text\ncolumn: kind\n---\n{{ instruction }}\n")
    (tmp_path / "note.j2").write_text("---\nreturns: text\ncolumn: note\n---\n{{ instruction }}{{ quality_reason }}\n")
    path = tmp_path / "unread.yaml"
    path.write_text(text.replace("column: kind}", "column: quality}"))
    *_, warnings = describe(load(path)).split("\n\n")
    assert warnings.splitlines() == [
        "warnings",
        "  ask_kind asks a for column `kind`, which nothing reads and `keep` does not name",
        "  ask_note asks by_kind for column `note`, which nothing reads and `keep` does not name",
    ]
    path.write_text(path.read_text().replace("[difficulty]", "[difficulty, kind, note]"))
    assert "warnings" not in describe(load(path))
