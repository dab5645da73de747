"""Files that people fill in: nothing in them acts, and what was filled in comes back as it was written."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.errors import UserError
from smoltalk.review.records import Item
from smoltalk.review.sheets import _as_it_was, _harmless, read_sheet, sheet
from smoltalk.review.shown import shown

FORMULA = '=HYPERLINK("http://x","y")'


def item(answer: str = "Hello", **columns: Any) -> Item:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": answer}]
    found = shown("run", "sft", 0, {"id": "abc", "messages": turns, **columns})
    assert found is not None
    return found


def pair(**columns: Any) -> Item:
    answers = {"chosen": FORMULA, "rejected": "-1"}
    found = shown("run", "dpo", 0, {"id": "abc", "prompt": "Hi", **answers, **columns})
    assert found is not None
    return found


def filled(folder: Path, one: Item, kind: str, **cells: Any) -> Path:
    """A sheet with one line, filled in."""
    path, text = folder / f"sheet{kind}", sheet([one], kind, False)
    if kind == ".jsonl":
        path.write_text(json.dumps(json.loads(text) | cells) + "\n")
        return path
    (line,) = csv.DictReader(io.StringIO(text, newline=""))
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(line))
    writer.writeheader()
    writer.writerow({**line, **{name: _harmless(value) for name, value in cells.items()}})
    path.write_text(stream.getvalue(), newline="")
    return path


@given(st.text("'=+-@\t\r\nab") | st.text())
def test_cells_never_act_and_come_back(text: str) -> None:
    assert _as_it_was(_harmless(text)) == text
    assert not _harmless(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_hostile_text_is_quoted_in_its_cell() -> None:
    (line,) = csv.DictReader(io.StringIO(sheet([pair()], ".csv", False), newline=""))
    assert {line["answer_a"], line["answer_b"]} == {f"'{FORMULA}", "'-1"}


@pytest.mark.parametrize("kind", [".csv", ".jsonl"])
def test_answers_come_back_as_they_were_written(tmp_path: Path, kind: str) -> None:
    text = '=1+1, "quoted"\r\nand a line; Ünïcode'
    path = filled(tmp_path, item(), kind, decision="edit", text=text, rating="4", issues="wrong, off topic")
    (answer,) = read_sheet(path, "ann")
    assert (answer.id, answer.mark, answer.reviewer, answer.status) == ("abc", item().mark, "ann", "submitted")
    assert answer.values == {"decision": "edit", "text": text, "rating": 4, "issues": ["wrong", "off_topic"]}
    assert answer.origin == f"sheet{kind}"


@pytest.mark.parametrize("kind", [".csv", ".jsonl"])
def test_what_nobody_filled_in_is_no_answer(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"sheet{kind}"
    path.write_text(sheet([item(), pair()], kind, False))
    assert read_sheet(path, None) == []


def test_a_blind_sheet_holds_no_scores() -> None:
    assert "0.87" in sheet([item(reward=0.87)], ".csv", False)
    assert "0.87" not in sheet([item(reward=0.87)], ".csv", True)


def test_a_spreadsheet_may_write_semicolons_and_a_mark_of_bytes(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(f"\ufeffrecord;decision;reviewer\r\n{item().name};keep;bob\r\n")
    (answer,) = read_sheet(path, None)
    assert (answer.reviewer, answer.values) == ("bob", {"decision": "keep"})


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"decision": "kepe"}, "did you mean `keep`"),
        ({"decision": "keep", "rating": "11"}, "from 1 to 5"),
        ({"decision": "keep", "issues": "wrnog"}, "did you mean `wrong`"),
        ({"decision": "keep", "issues": "[1"}, "sheet.csv:"),
        ({"decision": "edit"}, "`text` is empty"),
        ({"decision": "keep", "record": "x"}, "which row"),
    ],
)
def test_lines_that_are_no_answers_are_told(tmp_path: Path, cells: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=r"sheet\.csv:") as told:
        read_sheet(filled(tmp_path, item(), ".csv", **cells), "ann")
    assert said in str(told.value)


def test_somebody_must_have_answered(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--reviewer NAME"):
        read_sheet(filled(tmp_path, item(), ".jsonl", decision="keep"), None)


@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", "x,y\n1,2\n"), ("a.jsonl", "[1]\n"), ("a.jsonl", "{\n"), ("a.txt", ""), ("a.csv", "")]
)
def test_other_files_are_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError):
        read_sheet(tmp_path / name, "ann")


@pytest.mark.parametrize("coding", ["cp1252", "utf-16", "utf-16-le"])
def test_letters_that_are_not_utf_8_are_refused_by_line(tmp_path: Path, coding: str) -> None:
    path = tmp_path / "sheet.csv"
    text = f"record,decision,text,reviewer\n{item().name},edit,Café,ann\n"
    path.write_bytes(text.encode(coding))
    line = 2 if coding == "cp1252" else 1
    with pytest.raises(UserError, match=rf"sheet\.csv:{line}\b.*is not UTF-8") as told:
        read_sheet(path, None)
    assert "CSV UTF-8" in str(told.value)


def test_all_lines_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    lines = ["{", "[1]", json.dumps({"record": "x", "decision": "keep"}), json.dumps({"decision": "kepe"})]
    path.write_text("\n".join(lines))
    with pytest.raises(UserError) as told:
        read_sheet(path, "ann")
    assert [problem.line for problem in told.value.problems] == [1, 2, 3, 4]


def test_a_sheet_without_a_column_for_answers_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"record,text\n{item().name},Hello\n")
    with pytest.raises(UserError, match="has no column `decision`"):
        read_sheet(tmp_path / "a.csv", "ann")


def test_one_person_says_one_thing_of_a_row(tmp_path: Path) -> None:
    path, name = tmp_path / "a.csv", item().name
    path.write_text(f"record,decision,reviewer\n{name},drop,ann\n{name},keep,bob\n{name},keep,ann\n")
    with pytest.raises(UserError, match=r"a\.csv:4\b.*`ann` answers the row of line 2 again"):
        read_sheet(path, None)
    path.write_text(f"record,decision,reviewer\n{name},drop,ann\n{name},drop,ann\n")
    assert len(read_sheet(path, None)) == 1
