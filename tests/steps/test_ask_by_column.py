"""Ask with a template for each value of a column, and with its columns under other names."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from smoltalk.errors import RowFailed, UserError
from smoltalk.pipeline import load
from smoltalk.steps.ask import Ask

MATH = "---\nreturns: text\ncolumn: instruction\n---\nA sum for {{ persona }}, level {{ level }}\n"
CODE = "---\nreturns: text\ncolumn: instruction\n---\nA program for {{ persona }}\n"
MORE = "---\nreturns: {instruction: str, hint: str}\n---\nA riddle for {{ persona }}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"math": MATH, "code": CODE, "more": MORE}.items():
        (tmp_path / f"{name}.j2").write_text(text)
    (tmp_path / "personas.jsonl").write_text('{"persona": "a cook", "level": 1, "task": "math"}\n')
    return tmp_path


def chosen(folder: Path, **where: str) -> dict[str, Any]:
    return {"column": "task", "where": {value: str(folder / f"{name}.j2") for value, name in where.items()}}


def asked(step: Ask, row: dict[str, Any], scripted: Any) -> tuple[str, dict[str, Any]]:
    ask = scripted(["Reply"])
    columns = asyncio.run(step.write(row, ask))
    return ask.requests[0].messages[0]["content"], columns


def test_the_column_chooses_the_template(folder: Path, scripted: Any) -> None:
    step = Ask(engine="e", template=chosen(folder, math="math", code="code"))
    assert step.reads() == {"task", "persona", "level"} and step.writes() == {"instruction"}
    assert list(step.check()) == []
    row = {"persona": "a cook", "level": 2, "task": "math"}
    assert asked(step, row, scripted) == ("A sum for a cook, level 2", {"instruction": "Reply"})
    assert asked(step, row | {"task": "code", "level": None}, scripted)[0] == "A program for a cook"
    with pytest.raises(RowFailed, match="missing: column `level` holds nothing"):
        asked(step, row | {"level": None}, scripted)


@pytest.mark.parametrize("value", ["Math", None, ["math"], {"a": 1}, 7])
def test_a_value_without_a_template_fails_the_row(folder: Path, scripted: Any, value: Any) -> None:
    step = Ask(engine="e", template=chosen(folder, math="math", code="code"))
    with pytest.raises(RowFailed, match=r"no_template: column `task` is .*, not one of math, code"):
        asked(step, {"persona": "p", "level": 1, "task": value}, scripted)


def test_values_that_are_no_texts_are_named_as_in_json(folder: Path, scripted: Any) -> None:
    step = Ask(engine="e", template=chosen(folder, **{"1": "math", "true": "code"}))
    row = {"persona": "p", "level": 1}
    assert asked(step, row | {"task": 1}, scripted)[0].startswith("A sum")
    assert asked(step, row | {"task": True}, scripted)[0].startswith("A program")


def test_the_identity_covers_every_text_and_no_name(folder: Path) -> None:
    def identity(**fields: Any) -> Any:
        return Ask(**({"engine": "e", "template": chosen(folder, math="math", code="code")} | fields)).identity()

    before = identity()
    (folder / "copy.j2").write_text(CODE)
    assert identity(template=chosen(folder, math="math", code="copy")) == before
    assert identity(template=chosen(folder, math="code", code="math")) != before
    assert identity(rename={"instruction": "task_text"}) != before
    (folder / "code.j2").write_text(CODE.replace("A program", "A script"))
    assert identity() != before


def test_columns_are_kept_under_other_names(folder: Path, scripted: Any) -> None:
    step = Ask(engine="e", template=str(folder / "code.j2"), rename={"instruction": "riddle"})
    assert step.writes() == {"riddle"} and list(step.check()) == []
    assert asked(step, {"persona": "p"}, scripted)[1] == {"riddle": "Reply"}


def test_a_step_without_these_fields_keeps_its_replies() -> None:
    assert Ask(engine="e", template="answer").identity().keys() == {"sampling", "template"}


def test_it_travels_to_other_processes(folder: Path) -> None:
    step = Ask(engine="e", template=chosen(folder, math="math"), rename={"instruction": "x"})
    made, fields = step.__reduce__()
    assert made(*fields) == step


PIPELINE = """name: own
engines: {{nano: {{nano: {{}}}}}}
steps:
  - jsonl: {{path: {data}, columns: [persona, level, task]}}
  - ask:
      engine: nano
      template: {template}
      {more}
  - ask: {{engine: nano, template: answer}}
"""


def problems(folder: Path, template: str, more: str = "attempts: 1") -> str:
    path = folder / "own.yaml"
    path.write_text(PIPELINE.format(data=folder / "personas.jsonl", template=template, more=more))
    try:
        load(path)
    except UserError as error:
        return str(error).replace(f"{folder}/", "")
    return ""


def test_paths_start_at_the_pipeline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert problems(folder, "{column: task, where: {math: math.j2, code: code.j2}}") == ""


@pytest.mark.parametrize(
    ("template", "more", "told"),
    [
        (
            "{column: task, where: {math: math.j2, more: more.j2}}",
            "attempts: 1",
            [
                "own.yaml:5  the templates of `where` must write the same columns; only one of two writes `hint` (",
                "more",
            ],
        ),
        (
            "{column: task, where: {math: math, code: answr}}",
            "attempts: 1",
            ["own.yaml:7  no template `math`", "`math: math.j2`", "own.yaml:5  no template `answr`", "mean `answer`?"],
        ),
        ("{column: tsk, where: {math: math.j2}}", "attempts: 1", ["reads column `tsk`", "did you mean `task`?"]),
        ("{column: task, where: {}}", "attempts: 1", ["own.yaml:7  ", "steps.1.ask.template.where: must be a mapping"]),
        ("{column: task}", "attempts: 1", ["own.yaml:7  ", "needs `where`"]),
        ("{colum: task, where: {math: math.j2}}", "attempts: 1", ["no field `colum`", "did you mean `column`?"]),
        ("{column: task, where: {math: 3}}", "attempts: 1", ["steps.1.ask.template.where.math: must be text, not 3"]),
        ("[math.j2, code.j2]", "attempts: 1", ["must be text or a mapping, not a list"]),
        (
            "code.j2",
            "rename: {instructon: riddle}",
            ["own.yaml:5  `rename` names column `instructon`", "did you mean `instruction`?"],
        ),
        ("more.j2", "rename: {hint: instruction}", ["`rename` gives two columns one name"]),
        ("code.j2", "rename: {instruction: id}", ["writes column `id`, which every row is born with"]),
    ],
)
def test_a_mistake_is_told(folder: Path, template: str, more: str, told: list[str]) -> None:
    found = problems(folder, template, more)
    assert all(part in found for part in told), found


def test_fields_are_strict() -> None:
    with pytest.raises(ValidationError):
        Ask(engine="e", template={"column": "", "where": {"a": "answer"}})
