"""`smoltalk run` and `smoltalk status`: what they say, and how they end."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import PIPELINE, Smoltalk, same_as


def test_a_run_ends_with_its_ledger(smoltalk: Smoltalk, here: Path) -> None:
    said = smoltalk("run", "six.yaml")
    assert said.code == 0
    same_as("run", said.out)
    same_as("run_lines", said.err)
    assert (here / "runs/six/run.db").exists() and not (here / "runs/six/logs").exists(), "nothing was logged"


def test_status_tells_the_same_books(smoltalk: Smoltalk) -> None:
    smoltalk("run", "six.yaml")
    said = smoltalk("status", "runs/six")
    assert said.code == 0
    same_as("status", said.out)
    books = json.loads(smoltalk("status", "runs/six", "--json").out)
    assert (books["born"], books["accepted"], books["rejected"], books["failed"]) == (6, 4, 1, 1)
    assert books["balanced"] and books["by_reason"][0]["reason"] == "poor" and books["tokens"] > 0


def test_a_finished_run_has_nothing_left_to_do(smoltalk: Smoltalk) -> None:
    smoltalk("run", "six.yaml")
    for given in ("six.yaml", "runs/six"):
        said = smoltalk("run", given)
        assert said.code == 0 and "runs/six is complete: nothing is left to do" in said.out and said.err == ""


def test_an_edited_pipeline_says_what_is_kept(smoltalk: Smoltalk, here: Path) -> None:
    smoltalk("run", "six.yaml")
    (here / "rate.j2").write_text((here / "rate.j2").read_text().replace("Rate:", "Judge:"))
    said = smoltalk("run", "six.yaml")
    assert said.code == 0
    assert "continues runs/six: 13 replies kept; edited since: ask_rate; 6 replies of edited steps stay" in said.out


def test_rows_and_settings_are_remembered_by_the_run(smoltalk: Smoltalk) -> None:
    said = smoltalk("run", "six.yaml", "--rows", "2", "--out", "here")
    assert said.code == 0 and "2 of 2 rows" in said.out
    assert "here is complete: nothing is left to do" in smoltalk("run", "here").out
    less = smoltalk("run", "here", "--rows", "1").out
    assert "here is complete with 2 rows, more than the 1 asked for: nothing is left to do" in less
    more = smoltalk("run", "here", "--set", "target.accepted=50")
    assert more.code == 3 and "4 of 50 rows" in more.out and "continues here" in more.out
    again = smoltalk("run", "here")
    assert again.code == 3 and "4 of 50 rows" in again.out, "the folder knows that fifty were asked for"


def test_a_source_at_its_end_is_no_success(smoltalk: Smoltalk) -> None:
    said = smoltalk("run", "six.yaml", "--rows", "50")
    assert said.code == 3 and "the books balance" in said.out
    same_as("run_short", said.err)


def test_a_ceiling_says_how_to_go_on(smoltalk: Smoltalk) -> None:
    said = smoltalk("run", "six.yaml", "--rows", "3", "--set", "target.max_attempts=2")
    assert said.code == 3
    same_as("run_ceiling", said.err)
    again = smoltalk("run", "runs/six", "--set", "target.max_attempts=5")
    assert again.code == 0, "the command it gave works"


def test_a_ceiling_alone_is_a_plan(smoltalk: Smoltalk) -> None:
    said = smoltalk("run", "six.yaml", "--set", "target.max_attempts=2")
    assert said.code == 0 and "born      2\n" in said.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "seed"], "--set seed  write it as `key.path=value`"),
        (["--set", "=3"], "--set =3  write it as `key.path=value`"),
        (["--set", "sed=1"], "--set sed=1  no field `sed`"),
        (["--set", "target.accepted=many"], "target.accepted"),
        (["--rows", "2", "--set", "target.accepted=3"], "give one of them"),
        (["--rows", "0"], "--rows"),
        (["--executor", "ray"], "ray"),
    ],
)
def test_mistakes_in_the_command(smoltalk: Smoltalk, here: Path, arguments: list[str], said: str) -> None:
    result = smoltalk("run", "six.yaml", *arguments)
    assert result.code == 2 and said in result.err
    assert not (here / "runs").exists()


def test_a_run_stays_where_it_is(smoltalk: Smoltalk) -> None:
    smoltalk("run", "six.yaml")
    said = smoltalk("run", "runs/six", "--out", "elsewhere")
    assert said.code == 2 and "is a run already" in said.err


def test_relative_templates_are_found_from_a_run_folder(smoltalk: Smoltalk, here: Path) -> None:
    (here / "sub").mkdir()
    for name in ("six.yaml", "answer.j2", "rate.j2"):
        (here / name).rename(here / "sub" / name)
    assert smoltalk("run", "sub/six.yaml", "--rows", "1").code == 0
    for rows in ("2", "3"):
        assert smoltalk("run", "runs/six", "--rows", rows).code == 0, "each continuation still knows the file"


def test_an_engine_that_dies_ends_the_run_in_a_sentence(smoltalk: Smoltalk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARROT_DIES", "the parrot is no more")
    said = smoltalk("run", "six.yaml")
    assert said.code == 3
    assert said.err.splitlines()[-3:][0] == "the parrot is no more" and "go on with: smoltalk run" in said.err
    monkeypatch.delenv("PARROT_DIES")
    assert "interrupted" in smoltalk("status", "runs/six").out
    assert smoltalk("run", "runs/six").code == 0


def test_our_own_fault_is_confessed_without_secrets(
    smoltalk: Smoltalk, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hunter2-hunter2")
    monkeypatch.setenv("PARROT_CRASHES", "cannot log in with hunter2-hunter2 \x1b[2J")
    said = smoltalk("run", "six.yaml")
    assert said.code == 1
    crash = (here / "runs/six/logs/crash.txt").read_text()
    assert "runs/six/logs/crash.txt" in said.err and "RuntimeError" in said.err and "Traceback" in crash
    assert "hunter2" not in said.err + crash and "$SOME_API_KEY" in crash and "\x1b" not in said.err


@pytest.mark.parametrize("verb", [["status"], ["trace"]])
def test_no_run_and_a_damaged_run(smoltalk: Smoltalk, here: Path, verb: list[str]) -> None:
    more = ["abc"] if verb == ["trace"] else []
    said = smoltalk(*verb, "nowhere", *more)
    assert said.code == 2 and said.err == "nowhere  is no run: there is no run.db\n"
    said = smoltalk(*verb, "six.yaml", *more)
    assert said.code == 2 and said.err == "six.yaml  is a file, not the folder of a run\n"
    smoltalk("run", "six.yaml")
    for beside in here.glob("runs/six/run.db-*"):
        beside.unlink()
    (here / "runs/six/run.db").write_bytes(b"not a database" * 1000)
    said = smoltalk(*verb, "runs/six", *more)
    assert said.code == 3 and "runs/six/run.db is damaged" in said.err


def test_a_pipeline_is_not_a_run(smoltalk: Smoltalk, here: Path) -> None:
    (here / "empty").mkdir()
    said = smoltalk("run", "empty")
    assert said.code == 2 and said.err == "empty  is a folder, not a pipeline\n"


def test_golden_pipeline_is_what_the_tests_think(here: Path) -> None:
    assert (here / "six.yaml").read_text() == PIPELINE


def test_a_folder_of_something_else_is_left_alone(smoltalk: Smoltalk, here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine/README.md").write_text("my own words")
    said = smoltalk("run", "six.yaml", "--out", "mine")
    assert said.code == 2 and said.out == "" and said.err.startswith("--out  mine is not empty and holds no run\n")
    assert [file.name for file in (here / "mine").iterdir()] == ["README.md"]
    (here / "runs").mkdir()
    (here / "mine").rename(here / "runs/six")
    assert smoltalk("run", "six.yaml").code == 2, "nor is the folder a run has by default"
    assert (here / "runs/six/README.md").read_text() == "my own words"


@pytest.mark.parametrize(("out", "said"), [("", "names no folder"), ("answer.j2", "answer.j2 is a file, not a folder")])
def test_out_that_is_no_folder(smoltalk: Smoltalk, out: str, said: str) -> None:
    result = smoltalk("run", "six.yaml", "--out", out)
    assert result.code == 2 and result.err.startswith(f"--out  {said}\n")


def test_a_folder_that_cannot_be_written(smoltalk: Smoltalk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARROT_CRASHES", "it was started")
    for out, reason in (("/dev/null/x", "Not a directory"), ("answer.j2/x", "Not a directory")):
        said = smoltalk("run", "six.yaml", "--out", out)
        assert said.code == 3 and said.err.startswith(f"{out} cannot be written: {reason}\n")


def test_a_run_whose_ledger_was_moved_away_starts_afresh(smoltalk: Smoltalk, here: Path) -> None:
    smoltalk("run", "six.yaml")
    for file in list((here / "runs/six").glob("run.db*")):
        file.rename(file.with_name(f"{file.name}.damaged"))
    said = smoltalk("run", "six.yaml")
    assert said.code == 0 and "continues" not in said.out
    for file in (here / "runs/six").glob("run.db*"):
        file.unlink()
    assert smoltalk("run", "six.yaml").code == 0, "its other files show that it is a run's"


def test_rows_that_failed_are_shown_with_their_place(smoltalk: Smoltalk, here: Path) -> None:
    (here / "rows.jsonl").write_text('{"instruction": "plain"}\n{"quest": "?"}\n' + "{broken\n" * 4)
    jsonl = "jsonl: {path: rows.jsonl, columns: [instruction]}"
    (here / "six.yaml").write_text(PIPELINE.replace("tests.cli.parts.Questions: {}", jsonl))
    said = smoltalk("run", "six.yaml", "--set", "target.max_failed=1.0")
    assert said.code == 0 and "5 rows failed, the first of them:\n" in said.out
    assert "  rows.jsonl:2 has no `instruction`\n" in said.out and said.out.count("rows.jsonl:") == 3
    assert "smoltalk trace runs/six ID" in said.out


def test_a_run_whose_rows_all_fail_is_no_success(smoltalk: Smoltalk, here: Path) -> None:
    jsonl = "jsonl: {path: rows.jsonl, columns: {instruction: quest}}"
    (here / "six.yaml").write_text(PIPELINE.replace("tests.cli.parts.Questions: {}", jsonl))
    (here / "rows.jsonl").write_text('{"quest": null}\n{broken\n')
    said = smoltalk("run", "six.yaml")
    assert said.code == 3 and "max_failed: 2 of 2 rows failed\n    put right what failed" in said.err
    assert "holds no rows: none was accepted" in said.out and "rows.jsonl:1 has no `quest`" in said.out


def test_a_folder_of_another_pipeline_is_left_alone(smoltalk: Smoltalk, here: Path) -> None:
    smoltalk("run", "six.yaml")
    before = (here / "runs/six/pipeline.yaml").read_text()
    (here / "moved.yaml").write_text(PIPELINE)
    assert smoltalk("run", "moved.yaml").code == 0, "the same pipeline, wherever its file lies"
    other = PIPELINE[: PIPELINE.index("  - ask: {engine: parrot, template: rate.j2}")].replace("answer.j2", "own.j2")
    (here / "other.yaml").write_text(other.replace("  judge: {tests.cli.parts.Judge: {}}\n", ""))
    (here / "own.j2").write_text((here / "answer.j2").read_text() + "Be brief.")
    said = smoltalk("run", "other.yaml")
    assert said.code == 2 and f"runs/six holds the run of another pipeline, {here / 'moved.yaml'}" in said.err
    assert (here / "runs/six/pipeline.yaml").read_text() == before
    (here / "other.yaml").rename(here / "moved.yaml")
    assert smoltalk("run", "moved.yaml").code == 0, "a file may be edited beyond recognition"


def test_a_run_without_its_pipeline_says_where_to_go_on(smoltalk: Smoltalk, here: Path) -> None:
    smoltalk("run", "six.yaml")
    (here / "runs/six/pipeline.yaml").unlink()
    said = smoltalk("run", "runs/six")
    command = f"smoltalk run {here / 'six.yaml'} --out runs/six"
    assert said.code == 2 and "its pipeline.yaml is gone" in said.err and command in said.err
    assert smoltalk(*command.split()[1:]).code == 0


def test_a_gate_that_rejects_all_says_what_it_saw(smoltalk: Smoltalk, here: Path) -> None:
    gates = PIPELINE.partition("gates:")[0] + "gates:\n  - one_of: {column: instruction, values: [other]}\n"
    (here / "six.yaml").write_text(gates)
    said = smoltalk("run", "six.yaml")
    assert "one_of_instruction turned away" in said.out and "`instruction` was " in said.out


def test_a_line_that_bears_several_failed_rows_is_told_once(smoltalk: Smoltalk, here: Path) -> None:
    (here / "own.jsonl").write_text('{"instruction": "a", "kind": "b"}\n{"instruction": "a"}\n')
    columns = "jsonl: {path: own.jsonl, columns: [instruction, kind], repeat: 3}"
    (here / "six.yaml").write_text(PIPELINE.replace("tests.cli.parts.Questions: {}", columns))
    said = smoltalk("run", "six.yaml")
    assert said.out.count("own.jsonl:2 ") == 1
