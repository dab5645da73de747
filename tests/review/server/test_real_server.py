"""Review against the real Argilla server: rows out, people's answers in, and what happens when things go wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from smoltalk.cli import main
from smoltalk.errors import UserError, WorldError
from smoltalk.review.argilla.client import Argilla
from smoltalk.review.server.home import Home
from smoltalk.review.server.serving import served
from smoltalk.run.database import connect
from smoltalk.run.ledger import read_rows
from tests.review.server.answering import HOSTILE, answer, made, records
from tests.review.server.conftest import PEOPLE, Place
from tests.run.published_runs import PAIRS, closed, loaded, pair

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def owner(place: Place) -> Any:
    """The owner, signed in."""
    with closing(Argilla(place.url, place.keys["owner"])) as argilla:
        yield argilla


def review(place: Place, *arguments: str, code: int = 0, **options: str) -> None:
    """One verb of `smoltalk review` at this server."""
    given = [word for name, value in options.items() for word in (f"--{name}", value)]
    assert main(["review", *arguments, "--home", str(place.home.path), *given]) == code


def ledger(run: Any) -> dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]]:
    with closing(connect(run.database)) as connection:
        return {
            fate.id: (fate.fate, fate.reason, json.loads(fate.evidence), row) for fate, row in read_rows(connection)
        }


def test_two_people_answer_and_the_books_follow(place: Place, owner: Argilla, tmp_path: Path, capsys: Any) -> None:
    run = made(tmp_path)
    review(place, "push", str(run.path), dataset="two")
    review(place, "push", str(run.path), dataset="two")
    assert "there already  6" in capsys.readouterr().out
    there = {name: one["id"] for name, one in records(owner, "two").items()}
    assert there.keys() == {f"a{n}" for n in range(6)}

    ann, bob = place.keys["ann"], place.keys["bob"]
    for name in ("a0", "a1"):
        answer(place.url, ann, there[name], decision="keep", rating=5)
    answer(place.url, bob, there["a0"], decision="keep")
    answer(place.url, bob, there["a1"], decision="drop", issues=["wrong"])
    answer(place.url, ann, there["a2"], decision="drop", comment="no")
    answer(place.url, ann, there["a3"], decision="edit", text="A better answer.")
    answer(place.url, ann, there["a4"], status="draft", decision="drop")
    answer(place.url, ann, there["a5"], status="discarded")
    review(place, "pull", str(run.path), dataset="two")
    said = capsys.readouterr().out
    assert "8 answers of 2 people (1 draft, 1 discarded)" in said and "Krippendorff's alpha" in said

    found = ledger(run)
    assert [found[f"a{n}"][:2] for n in range(6)] == [
        ("accepted", ""), ("rejected", "held_back"), ("rejected", "dropped"),
        ("accepted", ""), ("accepted", ""), ("accepted", ""),
    ]  # fmt: skip
    assert found["a3"][3]["messages"][-1]["content"] == "A better answer."
    assert found["a3"][2]["human"]["original"] == "Answer 3."
    assert found["a2"][2]["reviewers"][0]["reviewer"] == "ann"
    published = pq.read_table(run.data / "train-00000.parquet")["messages"].to_pylist()
    assert len(published) == 4 and [{"role": "assistant", "content": "A better answer."}] in [
        row[-1:] for row in published
    ]

    answer(place.url, ann, there["a2"], status="discarded")  # she takes it back
    review(place, "pull", str(run.path), dataset="two")
    assert ledger(run)["a2"][0] == "accepted"


def test_a_changed_text_keeps_no_old_answers(place: Place, owner: Argilla, tmp_path: Path, capsys: Any) -> None:
    run = made(tmp_path)
    review(place, "push", str(run.path), dataset="edits")
    there = {name: one["id"] for name, one in records(owner, "edits").items()}
    answer(place.url, place.keys["ann"], there["a1"], decision="drop")
    run = made(tmp_path, texts={0: "Other.", 1: "Another."})
    capsys.readouterr()
    review(place, "push", str(run.path), dataset="edits")
    said = capsys.readouterr().out
    assert "new            2" in said and "removed        1" in said and "stale          1" in said
    assert sum(1 for _ in owner.records(owner.dataset("edits", owner.workspace("review")) or "")) == 7
    review(place, "pull", str(run.path), dataset="edits")
    assert ledger(run)["a1"][0] == "accepted"


def test_pairs_are_shown_blind_and_turned_back(place: Place, owner: Argilla, tmp_path: Path) -> None:
    run = closed(tmp_path / "run", [pair(f"p{n}", f"Q{n}?", "Good.", "Bad.", margin=1.0) for n in range(8)])
    run.pipeline.write_text(loaded(tmp_path, text=PAIRS).text)
    review(place, "push", str(run.path), dataset="pairs")
    found = records(owner, "pairs")
    shown_first = {name: one["fields"]["answer_a"] for name, one in found.items()}
    assert set(shown_first.values()) == {"Good.", "Bad."}
    for name, one in found.items():
        answer(place.url, place.keys["ann"], one["id"], winner="a" if name != "p7" else "both_bad")
    review(place, "pull", str(run.path), dataset="pairs")
    rows = ledger(run)
    assert rows["p7"][:2] == ("rejected", "both_bad")
    for name, first in shown_first.items():
        if name != "p7":
            assert rows[name][3]["chosen"][0]["content"] == first


def test_hostile_texts_are_stored_so_that_a_page_only_shows_them(place: Place, owner: Argilla, tmp_path: Path) -> None:
    run = made(tmp_path, texts={0: HOSTILE})
    review(place, "push", str(run.path), dataset="hostile")
    record = records(owner, "hostile")["a0"]
    shown = record["fields"]["conversation"][-1]["content"]
    assert "<" not in shown and "$" not in shown and "&lt;img src=x onerror=alert(1)&gt;" in shown
    answer(place.url, place.keys["ann"], record["id"], decision="edit", text=HOSTILE + "!")
    review(place, "pull", str(run.path), dataset="hostile")
    edited = ledger(run)["a0"][3]["messages"][-1]["content"]
    assert edited == HOSTILE.replace("<|im_end|>", "< |im_end|>") + "!"


def test_a_page_of_eight_reviewers_at_once(place: Place, owner: Argilla, tmp_path: Path) -> None:
    run = made(tmp_path, rows=64)
    review(place, "push", str(run.path), dataset="many")
    there = [one["id"] for one in records(owner, "many").values()]

    def some(at: int) -> None:
        for record in there[at::8]:
            answer(place.url, place.keys[PEOPLE[at % 2]], record, decision="keep")

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(some, range(8))) == [None] * 8
    assert sum(len(one["responses"]) for one in records(owner, "many").values()) == 64


def test_what_cannot_go_on_says_why(place: Place, tmp_path: Path, capsys: Any) -> None:
    run = made(tmp_path)
    home = ["--home", str(place.home.path)]
    for given, code, told in (
        (["--api-key", "not-a-key"], 3, "does not know this key"),
        (["--api-key", "not a key"], 2, "is no key"),
        (["--workspace", "elsewhere"], 3, "there is: review"),
        (["--url", "http://127.0.0.1:9"], 2, "there is none"),
        (["--url", "ftp://x", "--api-key", "k"], 2, "no address"),
        (["--url", "http://me:pass@127.0.0.1", "--api-key", "k"], 2, "have no place in it"),
    ):
        assert main(["review", "push", str(run.path), *home, *given]) == code, given
        said = capsys.readouterr().err
        assert told in said and "Traceback" not in said and "pass@" not in said
        assert place.keys["owner"] not in said and "not-a-key" not in said


def test_a_dataset_of_other_rows_is_refused(place: Place, tmp_path: Path, capsys: Any) -> None:
    run = made(tmp_path)
    review(place, "push", str(run.path), "--blind", dataset="blind")
    review(place, "push", str(run.path), dataset="blind", code=3)
    assert "it has no `evidence`" in capsys.readouterr().err


def test_one_home_has_one_server(python: Path, place: Place) -> None:
    people, _ = place.home.people(PEOPLE)
    with pytest.raises(WorldError, match="served already at http"), served(python, place.home, people, 0, "review"):
        pass


def test_a_taken_port_is_refused(python: Path, place: Place, tmp_path: Path) -> None:
    home = Home(tmp_path)
    port = int(place.url.rpartition(":")[2])
    with pytest.raises(UserError, match=f"port {port}"), served(python, home, home.people()[0], port, "review"):
        pass


def test_a_server_that_is_killed_loses_nothing(python: Path, tmp_path: Path) -> None:
    run = made(tmp_path)
    home = tmp_path / "home"
    first = _serve(python, home)
    try:
        assert main(["review", "push", str(run.path), "--home", str(home)]) == 0
        people, new = Home(home).people(PEOPLE)
        assert not new and oct((home / "credentials.json").stat().st_mode & 0o777) == "0o600"
        url = (home / "url").read_text()
        with closing(Argilla(url, people[0].key)) as argilla:
            there = records(argilla, "run")
        answer(url, people[1].key, there["a0"]["id"], decision="drop")
    finally:
        first.kill()
        first.wait()
    _gone(url)
    again = _serve(python, home)
    try:
        assert main(["review", "pull", str(run.path), "--home", str(home)]) == 0
    finally:
        again.send_signal(signal.SIGTERM)
        out, _ = again.communicate()
    assert ledger(run)["a0"][:2] == ("rejected", "dropped")
    assert again.returncode == 0 and "stopped" in out and people[0].password not in out
    assert not (home / "url").exists() and not (home / "tmp").exists()


def _serve(python: Path, home: Path) -> "subprocess.Popen[str]":
    """`smoltalk review serve` in a process of its own, once it answers."""
    code = (
        "import sys; from pathlib import Path; from smoltalk.review.server import locked\n"
        f"locked.environment = lambda tell: Path({str(python)!r})\n"
        "from smoltalk.cli import main\n"
        f"sys.exit(main(['review', 'serve', '--home', {str(home)!r}, '--port', '0', '--reviewers', 'ann,bob']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "Ctrl-C" in line:
            return process
    raise AssertionError("the server did not start")


def _gone(url: str) -> None:
    """Wait until nothing answers there: who started it was killed, so it ends by itself."""
    with closing(Argilla(url, "any")) as argilla:
        for _ in range(1200):
            try:
                argilla.call("POST", "/version")  # POST is tried once
            except WorldError as error:
                if "cannot be reached" in str(error):
                    return
            time.sleep(0.1)
    raise AssertionError(f"{url} still answers")
