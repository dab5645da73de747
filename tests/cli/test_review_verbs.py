"""`smoltalk review` as a user sees it where the real server cannot be made to misbehave, and without any server."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow.parquet as pq
import pytest

from smoltalk.review.argilla import client
from tests.cli.conftest import Smoltalk
from tests.run.published_runs import PAIRS, PIPELINE, accepted, closed, ended, loaded, pair, turns

HUMAN = PIPELINE.replace("keep:", "  - human: {sample: 3, wait: true}\nkeep:")
KEY = "a-very-secret-key-0123456789"


def run_in(place: Path, text: str = PIPELINE, rows: Any = None, state: str = "complete") -> str:
    if rows is None:
        rows = [accepted(f"a{n}", f"Question {n}?", f"=Answer {n}.", topic="t", score=n / 2) for n in range(6)]
        rows.append(ended("r1", "rejected", "Short", "too_long", {}, messages=turns("long")))
    run = closed(place / "run", rows, state)
    run.pipeline.write_text(loaded(place, text=text).text)
    return str(run.path)


def fill(path: Path, **answers: dict[str, str]) -> None:
    """Fill in lines by the id of their row."""
    lines = list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(lines[0]))
    writer.writeheader()
    for line in lines:
        writer.writerow(line | answers.get(line["record"].rpartition("-")[0], {}))
    path.write_text(stream.getvalue(), "utf-8", newline="")


def test_a_file_goes_out_and_comes_back(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run, sheet = run_in(tmp_path), tmp_path / "sheet.csv"
    said = smoltalk("review", "export", run, "--out", str(sheet))
    assert (said.code, said.err) == (0, "") and f"{sheet}  6 rows" in said.out
    fill(sheet, a1={"decision": "drop"}, a2={"decision": "edit", "text": "Better."}, a3={"decision": "keep"})
    said = smoltalk("review", "import", run, str(sheet), "--reviewer", "ann")
    assert said.code == 0 and said.out.startswith(
        "3 answers of 1 person\n"
        "  answered  3  rows that enough people decided\n"
        "  kept      2\n"
        "  edited    1  of these: the correction is the row now\n"
        "  rejected  1  by the gate `human`\n"
        "\n"
        "  the books balance: 7 born = 5 accepted + 2 rejected + 0 failed\n"
    )
    rows = pq.read_table(Path(run) / "data").to_pylist()
    assert {row["id"]: row["messages"][-1]["content"] for row in rows} == {
        "a0": "=Answer 0.", "a2": "Better.", "a3": "=Answer 3.", "a4": "=Answer 4.", "a5": "=Answer 5.",
    }  # fmt: skip
    assert "| human |" in (Path(run) / "README.md").read_text().replace("`", "")
    again = smoltalk("review", "import", run, str(sheet), "--reviewer", "ann")
    assert again.out == said.out
    assert smoltalk("review", "status", run).out.startswith(f"{run}  3 answers of 1 person\n  answered  3")
    assert "rejected by human: dropped" in smoltalk("trace", run, "a1").out


def test_what_waits_is_pending_and_not_published(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run, sheet = run_in(tmp_path, HUMAN), tmp_path / "sheet.jsonl"
    smoltalk("review", "export", run, "--out", str(sheet))
    lines = [json.loads(line) for line in sheet.read_text().splitlines()]
    assert len(lines) == 3
    sheet.write_text(json.dumps(lines[0] | {"decision": "keep", "reviewer": "ann"}) + "\n")
    said = smoltalk("review", "import", run, str(sheet))
    assert "pending   2  held back until they are answered" in said.out
    assert "4 accepted + 1 rejected + 0 failed + 2 pending" in said.out
    assert "2 rows held back until people have looked" in smoltalk("status", run).out
    pushed = smoltalk("push", run, "--to", str(tmp_path / "out"))
    assert pushed.code == 2 and "is not through its review: 2 rows wait for people" in pushed.err
    assert smoltalk("push", run, "--to", str(tmp_path / "out"), "--allow", "pending").code == 0
    assert "2 rows are held back" in (Path(run) / "README.md").read_text()
    pending = lines[1]["record"].rpartition("-")[0]
    assert "pending at human: awaits_review" in smoltalk("trace", run, pending).out


def test_fit_proposes_a_cut(tmp_path: Path, smoltalk: Smoltalk) -> None:
    rows = [accepted(f"a{n}", f"Q{n}?", f"A{n}.", topic="t", score=n / 2) for n in range(8)]
    run, sheet = run_in(tmp_path, rows=rows), tmp_path / "sheet.csv"
    assert smoltalk("review", "fit", run).code == 2
    smoltalk("review", "export", run, "--out", str(sheet))
    fill(sheet, **{f"a{n}": {"decision": "keep" if n > 2 else "drop"} for n in range(8)})
    smoltalk("review", "import", run, str(sheet), "--reviewer", "ann")
    said = smoltalk("review", "fit", run)
    assert said.code == 0 and "- at_least: {column: score, value: 1.5}  new" in said.out
    assert "score     8    0       0.62    1.00  0.77  ->  1.5       1.00    1.00  1.00" in said.out
    found = json.loads((Path(run) / "review.json").read_text())
    assert found["cuts"][0]["proposed"] == {"cut": 1.5, "precision": 1.0, "recall": 1.0, "kept": 5, "f1": 1.0}
    assert found["scores"][0]["auc"] == 1.0 and len(found["cuts"][0]["curve"]) == 8


def test_pairs_go_out_in_any_order_and_come_back_in_theirs(tmp_path: Path, smoltalk: Smoltalk) -> None:
    rows = [pair(f"p{n}", f"Q{n}?", "Good.", "Bad.", margin=1.0) for n in range(8)]
    run, sheet = run_in(tmp_path, PAIRS, rows), tmp_path / "sheet.csv"
    smoltalk("review", "export", run, "--out", str(sheet))
    firsts = {
        line["record"].rpartition("-")[0]: line["answer_a"]
        for line in csv.DictReader(io.StringIO(sheet.read_text(), newline=""))
    }
    assert set(firsts.values()) == {"Good.", "Bad."}
    fill(sheet, **{name: {"winner": "a"} for name in firsts})
    smoltalk("review", "import", run, str(sheet), "--reviewer", "ann")
    found = pq.read_table(Path(run) / "data").to_pylist()
    assert {row["id"]: row["chosen"][0]["content"] for row in found} == firsts


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
    assert "cannot be read" in smoltalk("review", "import", run, str(tmp_path / "none.csv")).err


def test_names_of_reviewers_are_names(tmp_path: Path, smoltalk: Smoltalk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smoltalk.review.server.locked.environment", lambda tell: Path("none"))
    for names in ("Ann", "owner", "a b", "../x"):
        said = smoltalk("review", "serve", "--home", str(tmp_path / "home"), "--reviewers", names)
        assert said.code == 2 and "--reviewers ann,bob" in said.err


def test_without_a_server_the_way_to_one_is_told(
    tmp_path: Path, smoltalk: Smoltalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    said = smoltalk("review", "push", run_in(tmp_path), "--sample", "2")
    assert said.code == 3 and "smoltalk review serve, in another terminal; then smoltalk review push" in said.err


# ---------------------------------------------------------------- a server that misbehaves

Respond = Callable[[str, str, Any], tuple[int, Any]]


@contextmanager
def double(respond: Respond) -> Iterator[str]:
    """A server at an address of its own that answers as it is told."""

    class Handler(BaseHTTPRequestHandler):
        def go(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, said = respond(self.command, self.path.partition("?")[0].removeprefix("/api/v1"), body)
            if not status:
                self.close_connection = True
                return
            text = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_DELETE = go  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Argilla:
    """Just enough of the API for a push."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}
        self.fields: set[str] = set()
        self.questions: set[str] = set()
        self.made = False
        self.trouble: Callable[[str, str], int | None] = lambda method, path: None

    def __call__(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if (status := self.trouble(method, path)) is not None:
            return status, {"detail": "trouble"}
        said = json.loads(body) if body else {}
        match method, path:
            case "GET", "/version":
                return 200, {"version": "2.8.0"}
            case "GET", "/me":
                return 200, {"id": "1", "username": "owner", "role": "owner"}
            case "GET", "/me/workspaces":
                return 200, {"items": [{"name": "review", "id": "w"}]}
            case "GET", "/me/datasets":
                one = {"name": "run", "workspace_id": "w", "status": "ready", "id": "d"}
                return 200, {"items": [one] if self.made else []}
            case "POST", "/datasets":
                return 201, {"id": "d"}
            case "POST", "/datasets/d/fields" | "/datasets/d/questions":
                (self.fields if path.endswith("fields") else self.questions).add(said["name"])
            case "GET", "/datasets/d/fields" | "/datasets/d/questions":
                names = self.fields if path.endswith("fields") else self.questions
                return 200, {"items": [{"name": name, "id": name} for name in names]}
            case "PUT", "/datasets/d/publish":
                self.made = True
            case "GET", "/datasets/d/records":
                return 200, {"items": list(self.records.values())}
            case "PUT", "/datasets/d/records/bulk":
                self.records |= {one["external_id"]: {**one, "id": one["external_id"]} for one in said["items"]}
        return 200, {}


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


def test_a_run_that_people_turned_rows_away_from_is_done(tmp_path: Path, smoltalk: Smoltalk, here: Path) -> None:
    text = (here / "six.yaml").read_text() + "target: {accepted: 2}\n"
    (here / "few.yaml").write_text(text.replace("name: six", "name: few"))
    assert smoltalk("run", "few.yaml", "--out", "few").code == 0
    smoltalk("review", "export", "few", "--out", "few.csv")
    lines = list(csv.DictReader(io.StringIO(Path("few.csv").read_text(), newline="")))
    fill(Path("few.csv"), **{line["record"].rpartition("-")[0]: {"decision": "drop"} for line in lines[:1]})
    assert smoltalk("review", "import", "few", "few.csv", "--reviewer", "ann").code == 0
    for _ in range(2):
        said = smoltalk("run", "few")
        assert said.code == 0 and "nothing is left to do" in said.out
        assert "1 of 2 rows; people turned 1 away" in said.out
    said = smoltalk("run", "few", "--set", "target.accepted=3")  # goes on, and what people said still counts
    assert said.code == 0 and "2 of 3 rows; people turned 1 away" in said.out


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
