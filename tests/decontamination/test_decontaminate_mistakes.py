"""Calls of the command that cannot be meant, or cannot be carried out: told at once, and in words."""

from pathlib import Path

import pytest

from tests.decontamination.conftest import PLAIN, Call, jsonl


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("dta.jsonl",), "dta.jsonl  there is no such file or folder\n    did you mean `data.jsonl`?"),
        (("empty",), "empty  holds no JSON Lines and no Parquet"),
        (("data.jsonl", "--threshold", "0"), "--threshold  0 is not more than 0 and at most 1"),
        (("data.jsonl", "--threshold", "0.6", "--method", "tulu3"), "does not go with `--method tulu3`"),
        (("broken.parquet",), "broken.parquet  is no whole Parquet file"),
        (("numbers.jsonl",), "numbers.jsonl  holds no column of texts; there is: n"),
    ],
)
def test_mistakes_are_told(call: Call, arguments: tuple[str, ...], sentence: str) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    jsonl(Path("numbers.jsonl"), [{"n": 3}])
    Path("empty").mkdir()
    Path("broken.parquet").write_bytes(b"PAR1 and no more")
    said = call(*arguments)
    assert (said.code, sentence in said.err) == (2, True), said.err


def test_unknown_benchmarks_get_the_nearest_name(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    said = call("data.jsonl", against="gsm9k,nowhere.jsonl")
    assert (said.code, "did you mean `gsm8k`?" in said.err) == (2, True)
    assert "there is no file nowhere.jsonl" in said.err


def test_all_mistakes_are_told_at_once(call: Call) -> None:
    said = call("dta.jsonl", "--threshold", "7", "--method", "tulu", against="gsm9k")
    assert said.code == 2
    for sentence in (
        "--method  there is no `tulu`\n    did you mean `tulu3`?",
        "7 is not more than 0 and at most 1",
        "did you mean `gsm8k`?",
        "dta.jsonl  there is no such file",
    ):
        assert sentence in said.err


def test_data_without_a_readable_line_is_a_mistake(call: Call) -> None:
    jsonl(Path("data.jsonl"), ["{not json", "[1]"])
    said = call("data.jsonl")
    assert (said.code, "data.jsonl  none of 2 lines is a row: nothing was looked at" in said.err) == (2, True), said.err
    assert "data.jsonl, byte 10: is no JSON object" in said.err
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    assert call("data.jsonl").code == 0


def test_a_folder_takes_one_call(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    assert call("data.jsonl").code == 0
    other = call("data.jsonl", "--threshold", "0.6")
    assert (other.code, "with other threshold" in other.err) == (2, True)
    Path("mine").mkdir()
    Path("mine/thesis.txt").touch()
    assert "holds other files already" in call("data.jsonl", out="mine").err
    assert [path.name for path in Path("mine").iterdir()] == ["thesis.txt"]


def test_nothing_is_said_to_be_kept_where_nothing_can_be(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    said = call("data.jsonl", out="/proc/nowhere")
    assert (said.code, "/proc/nowhere" in said.err, "kept" in said.err) == (3, True, False), said.err
