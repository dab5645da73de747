"""Files of templates: how they are found, when they are others, and what mistakes in them are told."""

import os
from pathlib import Path

import pytest

from smoltalk import prompts
from smoltalk.errors import UserError
from tests.prompts.rating import RATE, write


def test_identity_follows_the_question_and_not_its_comment(tmp_path: Path) -> None:
    before = write(tmp_path, RATE, "a.j2").identity()
    assert write(tmp_path, RATE.replace("---\nreturns", "---\ndescription: new\nreturns"), "b.j2").identity() == before
    assert write(tmp_path, RATE.replace("Rate this", "Rate that"), "c.j2").identity() != before
    assert write(tmp_path, RATE.replace("good]", "great]"), "d.j2").identity() != before
    assert write(tmp_path, RATE.replace("You rate", "You judge"), "e.j2").identity() != before


def test_edited_file_is_read_again(tmp_path: Path) -> None:
    assert write(tmp_path, RATE).render({"topic": "", "instruction": "x"})[1]["content"] == "Rate this:\n\nx"
    path = tmp_path / "t.j2"
    path.write_text(RATE.replace("Rate this", "Rate that"))
    os.utime(path, ns=(1, 1))
    assert prompts.find("t.j2", tmp_path).render({"topic": "", "instruction": "x"})[1]["content"] == "Rate that:\n\nx"


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("Rate this", 1, "starts with a header"),
        ("---\nreturns: text\n", 1, "starts with a header"),
        ("---\nreturns: text\n---\nx", 2, "needs `column`"),
        ("---\nreturns: {}\n---\nx", 2, "names no column"),
        ("---\ndescription: x\nreturns: {a: [x, x]}\n---\nx", 3, "labels of `a` must be distinct"),
        ("---\nreturns: text\ncolumn: a\nregex: '(x'\n---\nx", 4, "`regex` cannot be used: unclosed group"),
        ("---\nreturns: text\ncolumn: a\nregex: 'x)(y'\n---\nx", 4, "`regex` cannot be used: unopened group"),
        ("---\nreturns: text\ncolumn: a\nregex: '(?=x)y'\n---\nx", 4, "look-around"),
        ("---\nreturns: text\ncolumn: a\nregex: '(x)\\1'\n---\nx", 4, "backreferences are not supported"),
        ("---\nreturns: text\ncolumn: a\nregex: 'x{9999999}'\n---\nx", 4, "exceeds size limit"),
        ('---\nreturns: text\ncolumn: a\nregex: "\\ud800"\n---\nx', 4, "half a character"),
        ("---\nreturns: text\ncolumn: a\nregex: x\nchoice: [x]\n---\nx", 5, "`regex` or `choice`, not both"),
        ("---\nreturns: {a: str}\nregex: x\n---\nx", 3, "`regex` goes with `returns: text` only"),
        ("---\nreturns: {a: str}\nchoice: [x]\n---\nx", 3, "`choice` goes with `returns: text` only"),
        ("---\nreturns: text\ncolumn: a\nchoice: []\n---\nx", 4, "must be distinct, one at least"),
        ("---\nreturns: text\ncolumn: a\nchoice: [x, x]\n---\nx", 4, "must be distinct, one at least"),
        ("---\nreturns: text\ncolumn: a\nchoice: [x, ' y']\n---\nx", 4, "never begins or ends with a space"),
        ("---\nreturns: text\ncolumn: a\nchoice: [1, 2]\n---\nx", 4, "must be"),
        ("---\nreturns: {source: str}\n---\nx", 2, "`source` belongs to the row"),
        ("---\nreturns: text\ncolumn: id\n---\nx", 3, "`id` belongs to the row"),
        ("---\nreturns: {a: str}\n---\nx\n{{ y", 5, "not jinja2"),
        ("---\nreturns: {a: str}\n---\n\n\n{% if %}", 6, "not jinja2"),
        ("---\nreturns: [a\n---\nx", 3, "not YAML"),
        ("---\n---\nx", 1, "needs `returns`"),
        ("---\n- a\n---\nx", 2, "takes fields"),
        ("---\nreturns: {a: str}\n---\n{% include 'x' %}", 4, "include"),
    ],
)
def test_mistake_in_a_template_has_its_line(tmp_path: Path, text: str, line: int, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        write(tmp_path, text)
    problem = caught.value.problems[0]
    assert problem.path == str(tmp_path / "t.j2")
    assert sentence in problem.sentence
    assert problem.line == line


def test_unknown_template_leaves_the_place_to_the_caller(tmp_path: Path) -> None:
    for name in ("rate_qualty", "own/none.j2", f"{'x' * 300}.j2", "../templates/rate_quality", ""):
        with pytest.raises(UserError) as caught:
            prompts.find(name, tmp_path)
        assert caught.value.problems[0].path == ""
    with pytest.raises(UserError, match="did you mean `rate_quality`"):
        prompts.find("rate_qualty")
