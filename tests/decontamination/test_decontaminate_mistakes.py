"""Calls of the command that cannot be meant, or cannot be carried out: told at once, and in words."""

from pathlib import Path

import pytest

from smoltalk.benchmarks import folder, meant
from smoltalk.cli import main
from tests.decontamination.conftest import LAMPS, PLAIN, Call, jsonl, summary


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("dta.jsonl",), "dta.jsonl  there is no such file or folder\n    did you mean `data.jsonl`?"),
        (("-",), "-  is no file or folder\n    standard input is not read"),
        (("data.jsonl", "--split", "foo"), "--split  is of a dataset on the Hub, and DATA are files here"),
        (("data.jsonl", "--config", "x", "--revision", "main"), "--revision  is of a dataset on the Hub"),
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


def test_a_name_that_begins_several_gets_them_all(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    assert "no benchmark `aime`\n    did you mean `aime24` or `aime25`?" in call("data.jsonl", against="aime").err


def test_a_misspelt_field_of_an_item_is_named(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    jsonl(Path("items.jsonl"), [{"qestion": LAMPS}, {"id": "x"}])
    said = call("data.jsonl", against="items.jsonl")
    assert "items.jsonl:1  this line is not an item: it has no `question`; is its `qestion` meant?\n" in said.err
    assert said.err.endswith("items.jsonl:2  this line is not an item: it has no `question`\n")


def test_data_inside_of_out_is_said_to_be_there(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    assert call("data.jsonl").code == 0
    said = call("out/clean")
    assert (said.code, said.err) == (
        2,
        "out/clean  lies in out, which is written to\n    name another folder: --out FOLDER\n",
    )


def test_a_folder_that_cannot_be_made_is_a_sentence(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    said = call("data.jsonl", out="/proc/x")
    assert said.code == 3
    assert "/proc/x cannot be made: no such file or directory\n" in said.err
    assert said.err.endswith("    go on with: the same command, with another --out FOLDER\n")


def test_without_benchmarks_all_that_ship_are_looked_for(harbour: Path) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    assert main(["decontaminate", "data.jsonl", "--out", "out"]) == 0
    shipped = {path.stem for path in folder().glob("*.npz")}
    assert set(summary()["found"]) == shipped == set(meant("all"))
    assert "gsm8k" in shipped


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
    assert "data.jsonl:2: is no JSON object" in said.err
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
