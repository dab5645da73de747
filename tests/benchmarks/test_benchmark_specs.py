"""Specs: expressions make items, and every mistake is a sentence about the file."""

from pathlib import Path

import pytest

from smoltalk.benchmarks import Item, Spec, meant, names, spec
from smoltalk.benchmarks.specs import spec_in
from smoltalk.errors import UserError

ROW = {"body": "There are three quays.", "ask": "Which is red?", "options": ["A", "B", "C"], "right": 2, "id": 7}


def test_expressions_make_items(shelf: Path) -> None:
    expected = Item(question="There are three quays. Which is red?", choices=("A", "B", "C"), answer="C")
    assert list(spec("quays").items([ROW])) == [expected]


def test_a_column_whose_name_is_no_word_is_read_through_row(shelf: Path) -> None:
    chosen = spec("quays").model_copy(update={"question": 'row["The Question"]', "choices": None, "answer": None})
    assert [item.question for item in chosen.items([{"The Question": "Why?"}])] == ["Why?"]


def test_expressions_reach_nothing_but_the_row(shelf: Path) -> None:
    chosen = spec("quays").model_copy(update={"question": "body.__class__.__mro__[1].__subclasses__()"})
    with pytest.raises(UserError, match=r"`question: body\.__class__.* cannot be worked out"):
        list(chosen.items([ROW]))


def test_an_expression_that_fails_names_the_columns_there_are(shelf: Path) -> None:
    chosen = spec("quays").model_copy(update={"question": "text[0].content"})
    with pytest.raises(UserError, match="the dataset's columns: body, ask, options, right, id"):
        list(chosen.items([ROW]))
    with pytest.raises(UserError, match="`question: text\\[` cannot be worked out"):
        list(spec("quays").model_copy(update={"question": "text["}).items([ROW]))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("revision: main", ":9  revision: must be a commit, 40 of the digits .*, not `main`"),
        ("qestion: x", ":9  no field `qestion` in `spec`\n    did you mean `question`"),
        ("splits: []", r":9  splits: must be a list \(each text\) that is not empty, not an empty list"),
        ("splits: test", r":9  splits: must be a list \(each text\) that is not empty, not `test`"),
        ("config: [1, {a: b}]", r":9  config\.0: must be text, not 1\n.*:9  config\.1: must be text, not a mapping"),
        ("rows: 0", ":9  rows: must be a whole number greater than 0, not 0"),
        ("licence: MIT\nlicence: MIT", ":10  key `licence` is there twice"),
        ("dataset: ../there", ":9  dataset: must be the id of a dataset on the Hub"),
    ],
)
def test_a_bad_spec_is_a_sentence_about_its_line(shelf: Path, line: str, sentence: str) -> None:
    file = shelf / "quays.yaml"
    kept = [old for old in file.read_text().splitlines() if not old.startswith(f"{line.split(':')[0]}:")]
    kept += ["#"] * (8 - len(kept))
    file.write_text("\n".join([*kept, line]))
    with pytest.raises(UserError, match=f"quays.yaml{sentence}"):
        spec("quays")


def test_a_broken_expression_is_told_beside_other_mistakes(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("dataset: a/b\nsplits: test\nquestion: '{{'\nlicence: mit\nrevison: x\n")
    with pytest.raises(UserError) as refused:
        spec_in(tmp_path / "a.yaml")
    assert [one.line for one in refused.value.problems] == [2, 3, 5]
    assert "`question: {{` cannot be worked out" in str(refused.value)


def test_no_mapping_is_no_spec(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- 1\n")
    with pytest.raises(UserError, match=r"a\.yaml:1  a spec is"):
        spec_in(tmp_path / "a.yaml")


def test_unknown_names_get_a_hint(shelf: Path) -> None:
    with pytest.raises(UserError, match=r"no benchmark `quay`\n    did you mean `quays`\?"):
        spec("quay")


def test_a_name_means_all_that_go_on_after_it(shelf: Path) -> None:
    for name in ("ropes_v1", "ropes_v2", "ropeson"):
        (shelf / f"{name}.yaml").touch()
    assert meant("ropes") == ("ropes_v1", "ropes_v2")
    assert meant("ropes_v1") == ("ropes_v1",)
    assert names() == ("quays", "ropes_v1", "ropes_v2", "ropeson")
    with pytest.raises(UserError, match="did you mean"):
        meant("rope")


@pytest.mark.parametrize(
    ("choices", "why"),
    [("right", "is '2', no list"), ("ask", "is 'Which is red[?]', no list"), ("range(2000)", "1,000")],
)
def test_choices_that_are_no_list_are_told(choices: str, why: str) -> None:
    given = Spec(dataset="a/b", splits=("test",), question="ask", choices=choices, licence="mit")
    with pytest.raises(UserError, match=why):
        list(given.items([ROW]))
