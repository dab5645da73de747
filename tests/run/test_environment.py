"""`environment.json` says with what a run was made, and nothing about whose machine it was."""

import json
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from smoltalk.pipeline import load
from smoltalk.run import database
from smoltalk.run.environment import environment
from tests.run.published_runs import closed, loaded


def recorded(folder: Path, settings: dict[str, str] | None = None) -> dict[str, object]:
    path = loaded(folder).path
    run = closed(folder / "run", [])
    with closing(database.connect(run.database)) as connection:
        found = json.loads(environment(load(path, settings), connection))
    assert isinstance(found, dict)
    return found


def test_versions_seed_and_fingerprints_are_recorded(tmp_path: Path) -> None:
    found = recorded(tmp_path, {"seed": "7"})
    assert {"python", "platform", "cpus", "smoltalk", "packages"} <= found.keys()
    assert isinstance(found["packages"], dict) and {"pyarrow", "pydantic", "distilabel"} <= found["packages"].keys()
    assert isinstance(found["pipeline"], dict)
    assert found["pipeline"]["seed"] == 7 and found["pipeline"]["fingerprints"] == {"source": "abc"}
    assert found["command"] == ["smoltalk", "run", "tiny.yaml", "--set", "seed=7"]


def test_the_commit_of_a_tracked_pipeline_is_recorded(tmp_path: Path) -> None:
    assert _commit(tmp_path) is None
    loaded(tmp_path)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "tiny.yaml"], [*who, "commit", "-q", "-m", "pipeline"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert _commit(tmp_path) == head.stdout.strip()


def test_git_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert _commit(tmp_path) is None


def _commit(folder: Path) -> object:
    pipeline = recorded(folder)["pipeline"]
    assert isinstance(pipeline, dict)
    return pipeline["commit"]
