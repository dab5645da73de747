"""`smoltalk review` of what cannot be reviewed, and with what cannot be meant."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Smoltalk
from tests.cli.review_runs import HUMAN, run_in
from tests.run.published_runs import accepted, ended, turns


@pytest.mark.parametrize("verb", ["push", "pull", "fit", "status"])
@pytest.mark.parametrize(
    ("rows", "state", "told"),
    [
        ([], "complete", "accepted no rows"),
        ([ended("r", "rejected", "Short", "too_long", {})], "complete", "accepted no rows"),
        ([accepted("a")], "interrupted", "is not finished (interrupted)"),
    ],
)
def test_runs_that_cannot_be_reviewed(
    tmp_path: Path, smoltalk: Smoltalk, verb: str, rows: Any, state: str, told: str
) -> None:
    said = smoltalk("review", verb, run_in(tmp_path, rows=rows, state=state))
    assert said.code == 2 and told in said.err and said.out == ""


def test_what_is_no_run_is_refused(tmp_path: Path, smoltalk: Smoltalk) -> None:
    assert smoltalk("review", "push", str(tmp_path)).code == 2


def test_other_files_are_not_written_over(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run, sheet = run_in(tmp_path), tmp_path / "sheet.csv"
    sheet.write_text("mine")
    assert "somebody may have filled it in" in smoltalk("review", "export", run, "--out", str(sheet)).err
    assert sheet.read_text() == "mine"
    assert "--out x.csv" in smoltalk("review", "export", run, "--out", "x.xlsx").err
    assert "has no column `record`" in smoltalk("review", "import", run, str(sheet)).err
    said = smoltalk("review", "import", run, str(tmp_path / "none.csv")).err
    assert "cannot be read" in said and "smoltalk review export" in said


def test_answers_of_another_run_are_not_taken_in(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run, sheet = run_in(tmp_path), tmp_path / "sheet.csv"
    sheet.write_text("record,decision,reviewer\nelsewhere-0123456789abcdef,drop,ann\n")
    said = smoltalk("review", "import", run, str(sheet))
    assert said.code == 2 and "has none of the rows that the one answer is to" in said.err and said.out == ""


def test_names_of_reviewers_are_names(tmp_path: Path, smoltalk: Smoltalk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smoltalk.review.server.locked.environment", lambda tell: Path("none"))
    for names in ("Ann", "owner", "a b", "../x"):
        said = smoltalk("review", "serve", "--home", str(tmp_path / "home"), "--reviewers", names)
        assert said.code == 2 and "--reviewers ann,bob" in said.err


def test_a_taken_port_leaves_nothing_behind(
    tmp_path: Path, smoltalk: Smoltalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smoltalk.review.server.locked.environment", lambda tell: Path("none"))
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = str(door.getsockname()[1])
        said = smoltalk("review", "serve", "--home", str(tmp_path / "home"), "--port", port)
    assert said.code == 2 and f"port {port} cannot be had" in said.err
    assert not (tmp_path / "home").exists()


def test_without_a_server_the_way_to_one_is_told(
    tmp_path: Path, smoltalk: Smoltalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    said = smoltalk("review", "push", run_in(tmp_path), "--sample", "2")
    assert said.code == 3 and "smoltalk review serve, in another terminal; then smoltalk review push" in said.err


def test_a_mixture_is_refused(tmp_path: Path, smoltalk: Smoltalk) -> None:
    rows = [{"messages": turns(f"Question {n}?", f"Answer {n}.")} for n in range(4)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "mix.yaml").write_text(
        f"name: mixed\nlicence: mit\nmix:\n  rows: 2\n  sources:\n    one: {{files: {tmp_path}/rows.jsonl, share: 1}}\n"
    )
    made = smoltalk("run", "mix.yaml", "--out", "mixed")
    assert made.code == 0, made.err
    for verb in ("push", "pull", "fit", "status"):
        said = smoltalk("review", verb, "mixed")
        assert said.code == 2 and "review the runs that it mixes, then mix them again" in said.err


def test_a_gate_of_people_stands_once_and_in_no_mixture(tmp_path: Path, smoltalk: Smoltalk) -> None:
    twice = tmp_path / "twice.yaml"
    twice.write_text(HUMAN.replace("keep:", "  - human: {sample: 1}\nkeep:"))
    assert "`human` stands here twice" in smoltalk("check", str(twice)).err
    mix = tmp_path / "mix.yaml"
    (tmp_path / "rows.jsonl").write_text(json.dumps({"messages": turns("Hi", "Hello")}) + "\n")
    mix.write_text(
        f"name: mixed\nmix:\n  rows: 1\n  sources:\n    one: {{files: {tmp_path}/rows.jsonl, share: 1}}\n"
        "gates:\n  - human: {sample: 1}\n"
    )
    assert "those of a mixture were made elsewhere" in smoltalk("check", str(mix)).err
