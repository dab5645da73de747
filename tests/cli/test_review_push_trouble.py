"""`smoltalk review push` where the real server cannot be made to misbehave."""

from pathlib import Path
from typing import Any

import pytest

from smoltalk.review.argilla import client
from tests.cli.argilla_double import Argilla, double
from tests.cli.conftest import Smoltalk
from tests.cli.review_runs import KEY, run_in
from tests.run.published_runs import PIPELINE, accepted


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between tries."""
    monkeypatch.setattr(client, "_PAUSE", 0.0)
    monkeypatch.setattr("smoltalk.review.argilla.pushing.MOST_IN_BULK", 2)


@pytest.mark.parametrize(
    ("status", "said", "told"),
    [
        (200, {"version": "1.29.1"}, "is Argilla 1.29.1; version 2 is needed"),
        (200, {"version": "3.0.0"}, "is Argilla 3.0.0; version 2 is needed"),
        (200, {}, "is no Argilla server; version 2 is needed"),
        (200, [], "is no Argilla server"),
        (200, b"<html>", "is no Argilla server"),
        (404, b"no", "is no Argilla server, or an old one"),
        (301, b"", "refuses GET /version: 301"),
        (500, {"detail": f"api_key={KEY}"}, "500"),
    ],
)
def test_other_servers_are_refused(
    tmp_path: Path, smoltalk: Smoltalk, quick: None, status: int, said: Any, told: str
) -> None:
    with double(lambda *_: (status, said)) as url:
        answer = smoltalk("review", "push", run_in(tmp_path), "--url", url, "--api-key", KEY)
    assert answer.code == 3 and told in answer.err and "smoltalk review push" in answer.err
    assert KEY not in answer.err + answer.out


def test_a_storm_of_refusals_is_sat_out(tmp_path: Path, smoltalk: Smoltalk, quick: None) -> None:
    argilla, calls = Argilla(), []

    def trouble(method: str, path: str) -> int | None:
        calls.append(path)
        return 503 if method != "POST" and len(calls) % 3 else None

    argilla.trouble = trouble
    with double(argilla) as url:
        said = smoltalk("review", "push", run_in(tmp_path), "--url", url, "--api-key", KEY)
    assert said.code == 0 and len(argilla.records) == 6


@pytest.mark.parametrize("status", [0, 503])
def test_a_push_that_breaks_off_goes_on_with_the_same_command(
    tmp_path: Path, smoltalk: Smoltalk, quick: None, status: int
) -> None:
    argilla, run = Argilla(), run_in(tmp_path)
    argilla.trouble = lambda method, path: status if len(argilla.records) == 2 and path.endswith("bulk") else None
    with double(argilla) as url:
        said = smoltalk("review", "push", run, "--url", url, "--api-key", KEY)
        assert said.code == 3 and KEY not in said.err
        assert "kept: 2 rows sent" in said.err and f"go on with: smoltalk review push {run} --url {url}" in said.err
        argilla.trouble = lambda method, path: None
        said = smoltalk("review", "push", run, "--url", url, "--api-key", KEY)
    assert said.code == 0 and "new            4" in said.out and "there already  2" in said.out
    assert len(argilla.records) == 6


def test_the_key_may_come_from_the_environment(
    tmp_path: Path, smoltalk: Smoltalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_in(tmp_path)
    monkeypatch.setenv("ARGILLA_API_KEY", KEY)
    with double(Argilla()) as url:
        assert smoltalk("review", "push", run, "--url", url).code == 0
        monkeypatch.delenv("ARGILLA_API_KEY")
        assert "ARGILLA_API_KEY=..." in smoltalk("review", "push", run, "--url", url).err


def test_what_comes_next_is_a_command_that_finds_the_same_dataset(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run, argilla = run_in(tmp_path), Argilla()
    with double(argilla) as url:
        said = smoltalk("review", "push", run, "--url", url, "--api-key", KEY, "--dataset", "b/a d <x>")
    assert f"smoltalk review pull {run} --url {url} --dataset 'b/a d <x>'\n" in said.out


def test_how_many_people_answer_is_changed_where_it_is_said(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run, argilla = run_in(tmp_path), Argilla()
    with double(argilla) as url:
        smoltalk("review", "push", run, "--url", url, "--api-key", KEY)
        said = smoltalk("review", "push", run, "--url", url, "--api-key", KEY, "--reviewers", "3")
        assert argilla.people == 3 and "each row is for 3 people now; it was for 1" in said.out
        said = smoltalk("review", "push", run, "--url", url, "--api-key", KEY)
        assert argilla.people == 3 and "each row is for" not in said.out
        argilla.trouble = lambda method, path: 422 if method == "PATCH" else None
        said = smoltalk("review", "push", run, "--url", url, "--api-key", KEY, "--reviewers", "2")
    assert said.code == 3 and "refuses PATCH /datasets/d: 422" in said.err


def test_a_dataset_of_another_run_is_left_alone(tmp_path: Path, smoltalk: Smoltalk) -> None:
    (tmp_path / "other").mkdir()
    run, argilla = run_in(tmp_path), Argilla()
    elsewhere = run_in(tmp_path / "other", rows=[accepted("elsewhere", topic="t", score=1.0)])
    with double(argilla) as url:
        smoltalk("review", "push", run, "--url", url, "--api-key", KEY)
        before = dict(argilla.records)
        said = smoltalk("review", "push", elsewhere, "--url", url, "--api-key", KEY)
        assert said.code == 3 and "holds rows of another run" in said.err and "--dataset ANOTHER_NAME" in said.err
        run_in(tmp_path / "other", PIPELINE.replace("tiny-talk", "other-talk"))
        said = smoltalk("review", "push", elsewhere, "--url", url, "--api-key", KEY)
        assert said.code == 3 and "holds rows of the run `tiny-talk`" in said.err
    assert argilla.records == before


def test_records_of_rows_that_are_gone_are_removed(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run, argilla = run_in(tmp_path), Argilla()
    rows = [accepted(f"a{n}", f"Question {n}?", "Yes.", topic="t", score=n / 2) for n in range(1, 4)]
    with double(argilla) as url:
        smoltalk("review", "push", run, "--url", url, "--api-key", KEY)
        argilla.records[next(name for name in argilla.records if name.startswith("a5-"))]["responses"] = [{}]
        said = smoltalk("review", "push", run_in(tmp_path, rows=rows), "--url", url, "--api-key", KEY)
    assert "removed  5" in said.out and "stale    1" in said.out
    assert sorted(name.partition("-")[0] for name in argilla.records) == ["a1", "a2", "a3", "a5"]
