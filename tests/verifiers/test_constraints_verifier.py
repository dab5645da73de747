"""The verifier of constraints: its word on a row, constraints of every row, rows whose constraints are broken."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import RowFailed, UserError
from smoltalk.verifiers import verify_constraints
from smoltalk.verifiers.constraints import Constraints

NO_COMMA = {"id": "punctuation:no_comma", "kwargs": {}}
SHORT = {"id": "length_constraints:number_words", "kwargs": {"num_words": 4, "relation": "less than"}}
GERMAN = {"id": "language:response_language", "kwargs": {"language": "de"}}


def row(response: Any, *asked: Any) -> dict[str, Any]:
    return {"id": "1", "response": response, "constraints": list(asked)}


def test_all_have_to_be_kept_and_each_that_is_not_is_told() -> None:
    verifier = Constraints()
    assert verifier.reads() == {"response", "constraints"}
    assert verifier.verify(row("One two three", NO_COMMA, SHORT)).verdict == "pass"
    outcome = verifier.verify(row("One, two, three, four", NO_COMMA, SHORT))
    assert outcome.verdict == "fail"
    assert outcome.reason == (
        "the answer has 3 commas, but must have none; the answer has 4 words, but must have fewer than 4 words"
    )


def test_what_cannot_be_told_is_unknown_unless_something_fails() -> None:
    assert Constraints().verify(row("12345", GERMAN)).verdict == "unknown"
    assert Constraints().verify(row("12345", GERMAN, NO_COMMA)).verdict == "unknown"
    assert Constraints().verify(row("1,2345", GERMAN, NO_COMMA)).verdict == "fail"


def test_constraints_of_every_row() -> None:
    verifier = Constraints(always=(NO_COMMA,), column=None)
    assert list(verifier.check()) == []
    assert verifier.reads() == {"response"}
    assert verifier.verify({"response": "a, b"}).verdict == "fail"
    assert Constraints(always=(NO_COMMA,)).verify(row("a, b", SHORT)).verdict == "fail"


def test_mistakes_are_told_by_check() -> None:
    assert len(list(Constraints(column=None).check())) == 1
    (said,) = Constraints(always=({"id": "punctuation:no_coma", "kwargs": {}},)).check()
    assert said == "no constraint `punctuation:no_coma` (did you mean `punctuation:no_comma`?)"


def test_constraints_as_tables_bring_them_back() -> None:
    as_json = (
        '[{"id": "length_constraints:number_words", "kwargs": "{\\"num_words\\": 4, \\"relation\\": \\"at least\\"}"}]'
    )
    assert Constraints().verify({"response": "a b c", "constraints": as_json}).verdict == "fail"
    with_nulls = {"id": "punctuation:no_comma", "kwargs": {"num_words": None, "relation": None}}
    assert Constraints().verify(row("a b c", with_nulls)).verdict == "pass"


@pytest.mark.parametrize(
    "asked",
    [None, [], "{", "[]", 3, ["punctuation:no_comma"], [{"id": "x:y", "kwargs": {}}], [{**NO_COMMA, "kwargs": "{"}],
     [{**SHORT, "kwargs": {"num_words": 4}}], [{**SHORT, "kwargs": {**SHORT["kwargs"], "words": 4}}],
     [{**NO_COMMA, "extra": 1}], [NO_COMMA] * 65, [{"id": ["x"], "kwargs": {}}], "[" * 5000],
)  # fmt: skip
def test_a_row_whose_constraints_are_broken_fails(asked: Any) -> None:
    with pytest.raises(RowFailed):
        Constraints().verify({"response": "text", "constraints": asked})
    with pytest.raises(UserError):
        verify_constraints("text", asked)


def test_a_row_without_a_text_fails() -> None:
    with pytest.raises(RowFailed):
        Constraints().verify(row(None, NO_COMMA))


def test_a_text_is_verified_without_a_pipeline() -> None:
    checked = verify_constraints("a, b", [NO_COMMA, SHORT])
    assert [one.verdict for one in checked.outcomes] == ["fail", "pass"]
    assert checked.outcome.verdict == "fail"
    assert [one.id for one in checked.constraints] == [NO_COMMA["id"], SHORT["id"]]


def test_importing_verifiers_loads_no_constraint() -> None:
    program = "import smoltalk.verifiers, sys; print([m for m in sys.modules if 'smoltalk.constraints' in m])"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
