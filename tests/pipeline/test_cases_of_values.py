"""A template for every value a column can have: `check` tells what would fail rows in a run."""

from pathlib import Path

import pytest

from smoltalk.errors import UserError
from smoltalk.pipeline import load

PIPELINE = """name: own
engines: {{model: {{nano: {{}}}}}}
steps:
  - jsonl: {{path: lines.jsonl, columns: [instruction]}}
  - {writer}
  - ask: {{engine: model, template: {{column: {column}, where: {where}}}}}
"""
PICK = "pick: {column: task, of: [math, code]}"
CLASSIFY = "ask: {engine: model, template: kind.j2}"


def problems(folder: Path, writer: str, where: str, column: str = "task") -> list[str]:
    (folder / "lines.jsonl").write_text('{"instruction": "a", "task": "anything"}\n')
    (folder / "kind.j2").write_text("---\nreturns: {kind: [easy, hard], stars: [1, 2]}\n---\n{{ instruction }}\n")
    (folder / "own.yaml").write_text(PIPELINE.format(writer=writer, where=where, column=column))
    try:
        load(folder / "own.yaml")
    except UserError as error:
        assert all(problem.line == 6 for problem in error.problems)
        return [f"{problem.sentence}; {problem.hint}" for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("writer", "column", "where", "told"),
    [
        (PICK, "task", "{math: answer, code: answer}", []),
        (PICK, "task", "{math: answer, code: answer, more: answer}", []),
        (
            PICK,
            "task",
            "{maths: answer, code: answer}",
            ["`ask` has no case for `task: math`; `pick` at line 5 writes it; did you mean `maths`?"],
        ),
        (
            "pick: {column: task, of: {1: 2, zwei: 1}}",
            "task",
            "{x: answer}",
            [
                "`ask` has no case for `task: 1`; `pick` at line 5 writes it; there is: x",
                "`ask` has no case for `task: zwei`; `pick` at line 5 writes it; there is: x",
            ],
        ),
        ("pick: {column: task, of: [1, true]}", "task", "{1: answer, true: answer}", []),
        (CLASSIFY, "kind", "{easy: answer, hard: answer}", []),
        (
            CLASSIFY,
            "stars",
            "{1: answer}",
            ["`ask` has no case for `stars: 2`; `ask` at line 5 writes it; there is: 1"],
        ),
        (
            "ask: {engine: model, template: kind.j2, rename: {kind: level}}",
            "level",
            "{easy: answer}",
            ["`ask` has no case for `level: hard`; `ask` at line 5 writes it; there is: easy"],
        ),
    ],
)
def test_a_value_without_a_case_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str, column: str, where: str, told: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert problems(tmp_path, writer, where, column) == told


def test_a_column_from_a_file_may_be_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "own.yaml"
    assert problems(tmp_path, PICK, "{math: answer, code: answer}") == []
    path.write_text(path.read_text().replace(f"  - {PICK}\n", "").replace("[instruction]", "[instruction, task]"))
    load(path)


GATED = """name: own
engines: {{model: {{nano: {{}}}}}}
steps:
  - jsonl: {{path: lines.jsonl, columns: [instruction]}}
  - {writer}
  - ask: {{engine: model, template: answer}}
  - verify: {{verifier: {verifier}, column: facts}}
gates:
  - {gate}
"""
VERIFIER = "{keeps_facts: {source: instruction}}"


def told_of_gate(folder: Path, writer: str, gate: str, verifier: str = VERIFIER) -> list[str]:
    problems(folder, PICK, "{math: answer, code: answer}")
    (folder / "gated.yaml").write_text(GATED.format(writer=writer, gate=gate, verifier=verifier))
    try:
        load(folder / "gated.yaml")
    except UserError as error:
        return [
            f"{problem.line}: {problem.sentence}; {problem.hint}"
            for problem in error.problems
            if "picks" in str(problem)
        ]
    return []


@pytest.mark.parametrize(
    ("writer", "gate", "told"),
    [
        (PICK, "one_of: {column: facts, values: [pass, unknown]}", []),
        (
            PICK,
            "one_of: {column: facts, values: [passed]}",
            [
                "9: `one_of` picks `facts: passed`, which no row has; "
                "did you mean `pass`? `verify` at line 7 writes `fail`, `pass` or `unknown`"
            ],
        ),
        (
            CLASSIFY,
            "one_of: {column: kind, values: [easy, medium]}",
            ["9: `one_of` picks `kind: medium`, which no row has; `ask` at line 5 writes `easy` or `hard`"],
        ),
        (CLASSIFY, "one_of: {column: stars, values: [1, 2]}", []),
        (
            PICK,
            "ratio: {of: response, to: instruction, max: 2, only: {task: maths}}",
            [
                "9: `ratio` picks `task: maths`, which no row has; "
                "did you mean `math`? `pick` at line 5 writes `code` or `math`"
            ],
        ),
        (PICK, "ratio: {of: response, to: instruction, max: 2, only: {task: [math, code]}}", []),
        (
            "lookup: {of: instruction, column: style, where: {a: concise, b: [friendly, plain]}}",
            "one_of: {column: style, values: [concise, plane]}",
            [
                "9: `one_of` picks `style: plane`, which no row has; "
                "did you mean `plain`? `lookup` at line 5 writes `concise`, `friendly` or `plain`"
            ],
        ),
    ],
)
def test_a_value_that_no_row_has_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str, gate: str, told: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told_of_gate(tmp_path, writer, gate) == told


def test_a_value_in_the_only_of_a_verifier_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    verifier = "{keeps_facts: {source: instruction, only: {task: cod}}}"
    [told] = told_of_gate(tmp_path, PICK, "complete: {columns: [response]}", verifier)
    assert told.startswith("7: `verify` picks `task: cod`, which no row has; did you mean `code`?")
