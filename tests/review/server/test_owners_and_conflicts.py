"""What people disagree on goes to the owners of the real server, whatever their names are, and to nobody else."""

from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from smoltalk.cli import main
from smoltalk.review.argilla.client import Argilla
from smoltalk.run.database import connect
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import read_rows
from tests.review.server.answering import answer, made, records
from tests.review.server.conftest import Place
from tests.run.published_runs import PIPELINE, accepted, closed, loaded

RULE = PIPELINE.replace("keep:", "  - human: {sample: 6, reviewers: 2, conflicts: owner}\nkeep:")
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "lookup",
            "description": "Finds <b>a</b> word.",
            "parameters": {"type": "object", "properties": {"word": {"type": "string"}}},
        },
    }
]


@pytest.fixture
def owner(place: Place) -> Any:
    """The owner, signed in."""
    with closing(Argilla(place.url, place.keys["owner"])) as argilla:
        yield argilla


def review(place: Place, *arguments: str, code: int = 0) -> None:
    assert main(["review", *arguments, "--home", str(place.home.path)]) == code


def ends(run: RunFolder) -> dict[str, str]:
    with closing(connect(run.database)) as connection:
        return {fate.id: fate.reason or fate.fate for fate, _ in read_rows(connection)}


def carla(place: Place, owner: Argilla) -> str:
    """The key of another owner, whose name is her own."""
    person = {"first_name": "Carla", "username": "carla", "password": "a long password", "role": "owner"}
    made = owner.call("POST", "/users", json=person)
    if not made.get("api_key"):
        made = next(one for one in owner.call("GET", "/users")["items"] if one["username"] == "carla")
    return str(made["api_key"])


def test_an_owner_decides_what_two_people_did_not(place: Place, owner: Argilla, tmp_path: Path, capsys: Any) -> None:
    run = made(tmp_path, pipeline=RULE)
    review(place, "push", str(run.path), "--dataset", "argued")
    there = {name: one["id"] for name, one in records(owner, "argued").items()}
    for name, said in (("a0", "drop"), ("a1", "drop"), ("a2", "keep")):
        answer(place.url, place.keys["ann"], there[name], decision="keep")
        answer(place.url, place.keys["bob"], there[name], decision=said, comment="it is wrong")
    review(place, "pull", str(run.path), "--dataset", "argued")
    assert (ends(run)["a0"], ends(run)["a1"], ends(run)["a2"]) == ("held_back", "held_back", "accepted")

    capsys.readouterr()
    review(place, "push", str(run.path), "--dataset", "argued", "--conflicts")
    said = capsys.readouterr().out
    assert "2 rows in the dataset `argued-conflicts`" in said
    assert f"smoltalk review pull {run.path} --dataset argued --home" in said
    space = owner.workspace("review-owner")
    dataset = owner.dataset("argued-conflicts", space)
    assert dataset is not None
    theirs = {one["external_id"].partition("-")[0]: one for one in owner.records(dataset, ["responses"])}
    assert theirs.keys() == {"a0", "a1"}
    assert "bob says: drop, it is wrong" in theirs["a0"]["fields"]["evidence"]
    with closing(Argilla(place.url, place.keys["ann"])) as ann:
        assert "review-owner" not in ann.workspaces()

    key = carla(place, owner)
    answer(place.url, key, theirs["a0"]["id"], decision="keep")
    answer(place.url, key, theirs["a1"]["id"], decision="drop")
    review(place, "pull", str(run.path), "--dataset", "argued")
    assert (ends(run)["a0"], ends(run)["a1"]) == ("accepted", "dropped")
    capsys.readouterr()
    review(place, "push", str(run.path), "--dataset", "argued", "--conflicts")
    assert "no row waits for an owner's word" in capsys.readouterr().out


def test_more_people_may_be_asked_for_while_answers_come_in(place: Place, owner: Argilla, tmp_path: Path) -> None:
    run = made(tmp_path)
    review(place, "push", str(run.path), "--dataset", "overlap")
    there = records(owner, "overlap")
    answer(place.url, place.keys["ann"], there["a0"]["id"], decision="keep")
    assert records(owner, "overlap")["a0"]["status"] == "completed"
    review(place, "push", str(run.path), "--dataset", "overlap", "--reviewers", "2")
    dataset = owner.dataset("overlap", owner.workspace("review")) or ""
    assert owner.overlap(dataset) == 2


def test_tools_and_cuts_are_shown(place: Place, owner: Argilla, tmp_path: Path) -> None:
    text = PIPELINE.replace("gates:", "gates:\n  - at_least: {column: score, value: 0.25}")
    run = closed(tmp_path / "run", [accepted("a0", "What?", "That.", topic="t", score=0.75, tools=TOOLS)])
    run.pipeline.write_text(loaded(tmp_path, text=text).text)
    review(place, "push", str(run.path), "--dataset", "tools")
    fields = records(owner, "tools")["a0"]["fields"]
    first = fields["conversation"][0]
    assert first["role"] == "tools" and first["content"].startswith("lookup\nFinds &lt;b&gt;a&lt;/b&gt; word.\ntakes ")
    assert "score: 0.75 (at least 0.25: +0.5)" in fields["evidence"]


def test_pages_load_from_nowhere_else(place: Place) -> None:
    for path in ("/", "/api/v1/version"):
        policy = httpx.get(f"{place.url}{path}", follow_redirects=True).headers["content-security-policy"]
        assert policy.startswith("default-src 'self' ") and "http" not in policy
