"""A Hub that is slow, cut off, full of others or against us: everything is published or nothing, and it can go on."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from datasets import load_dataset

from tests.hub_double.faults import Failing
from tests.hub_double.server import HubDouble
from tests.processes import LONGEST
from tests.publishing.conftest import ROWS, MakeRun, Said
from tests.publishing.test_push_round_trip import TALK, Command, commits, files

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits; for how long they would have, is written down."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


EVERY_CALL = [
    ("GET", "/api/datasets/acme/talk$"),
    ("POST", "/api/repos/create"),
    ("GET", "/revision/"),
    ("GET", "/tree/"),
    ("POST", "/api/validate-yaml"),
    ("POST", "/preupload/"),
    ("POST", "/objects/batch"),
    ("PUT", "/_large/"),
    ("POST", "/_large/.*/verify"),
    ("POST", "/commit/"),
]


@pytest.mark.parametrize("way", ["answer", "cut_request", "cut_answer", "lost"])
def test_every_call_may_fail_twice(hub: HubDouble, made: MakeRun, smoltalk: Command, way: str) -> None:
    faults = [hub.fail(method, path, times=2, way=way) for method, path in EVERY_CALL]
    said = smoltalk("push", made(), TALK)
    assert said.code == 0, said.err
    assert all(fault.times < 2 for fault in faults), "it never came to some call"
    assert "data/default/train-00000-of-00001.parquet" in files(hub)
    assert len(commits(hub)) == 2, "a commit whose answer was lost is not made again"


def test_a_lost_pull_request_is_not_opened_again(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    hub.fail("POST", "/commit/", way="lost")
    said = smoltalk("push", made(), TALK, "--pr")
    assert said.code == 0, said.err
    assert "discussions/1" in said.out
    assert len(hub.store.repositories["dataset", TALK].pulls) == 1


@pytest.mark.parametrize("header", [{"Retry-After": "17"}, {"RateLimit": '"api";r=0;t=17'}])
@pytest.mark.parametrize("path", ["/preupload/", "/objects/batch", "/commit/"])
def test_the_hub_says_when_to_ask_again(
    hub: HubDouble, made: MakeRun, smoltalk: Command, waits: list[float], header: dict[str, str], path: str
) -> None:
    hub.fail("POST", path, status=429, headers=header)
    said = smoltalk("push", made(), TALK)
    assert said.code == 0, said.err
    assert "the Hub answers 429: asking again in 17 s" in said.err
    assert any(17 <= one < 18 for one in waits)


GIVEN_UP = [
    (503, "the Hub is not well: it answers 503"),
    (429, "the Hub is asked too much"),
    (401, "the Hub does not accept your token"),
    (403, "your token may not write to acme/talk"),
    (404, "there is no acme/talk on the Hub"),
    (400, "the Hub refuses (400)"),
    (412, "others push to acme/talk all the time"),
]


@pytest.mark.parametrize(("status", "sentence"), GIVEN_UP)
def test_a_hub_that_does_not_give_in(
    hub: HubDouble, made: MakeRun, smoltalk: Command, status: int, sentence: str
) -> None:
    hub.failing.append(Failing("POST", "/commit/", times=1000, status=status))
    run = made()
    said = smoltalk("push", run, TALK)
    assert said.code == 3
    assert sentence in said.err
    assert "kept: the run" in said.err
    assert f"smoltalk push {run} acme/talk" in said.err
    assert "hf_tttt" not in said.out + said.err
    assert files(hub) == {".gitattributes"}, "nothing half-published"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/revision/"), ("GET", "/tree/"), ("POST", "/preupload/"), ("POST", "/commit/")]
)
def test_an_answer_of_another_shape_is_the_worlds_failure(
    hub: HubDouble, made: MakeRun, smoltalk: Command, method: str, path: str
) -> None:
    """200, and JSON that is not the Hub's: a proxy's, or that of another kind of server."""
    hub.failing.append(Failing(method, path, times=1000, status=200))
    run = made()
    said = smoltalk("push", run, TALK)
    assert said.code == 3, said.err
    assert "answers, but not as the Hub does" in said.err
    assert f"smoltalk push {run} acme/talk" in said.err


def test_what_was_up_is_not_sent_again(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    run = made()
    hub.fail("POST", "/commit/", times=1, status=403)
    assert smoltalk("push", run, TALK).code == 3
    assert hub.count("PUT", "/_large/") == 1
    assert smoltalk("push", run, TALK).code == 0
    assert hub.count("PUT", "/_large/") == 1


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_a_wait_that_is_too_long_is_told(
    hub: HubDouble, made: MakeRun, smoltalk: Command, waits: list[float], method: str, path: str
) -> None:
    hub.failing.append(Failing(method, path, times=9, status=429, headers={"Retry-After": "3600"}))
    said = smoltalk("push", made(), TALK)
    assert said.code == 3
    assert "in 3,600 s" in said.err
    assert max(waits, default=0) < 60


def test_another_ones_namespace(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    said = smoltalk("push", made(), "other/talk")
    assert said.code == 3
    assert "may not write to other/talk" in said.err


@pytest.mark.parametrize("token", ["", "hf_wrong"])
def test_without_a_token_that_is_known(
    hub: HubDouble, made: MakeRun, smoltalk: Command, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    said = smoltalk("push", made(), TALK)
    assert said.code == 3
    assert "token" in said.err
    assert "hf auth login" in said.err
    assert "hf_wrong" not in said.err
    assert not hub.store.repositories


def test_no_network(hub: HubDouble, made: MakeRun, smoltalk: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    said = smoltalk("push", made(), TALK)
    assert said.code == 3
    assert "no connection to 127.0.0.1:9" in said.err


def test_offline_is_respected(
    hub: HubDouble, made: MakeRun, smoltalk: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    said = smoltalk("push", made(), TALK)
    assert said.code == 3
    assert "HF_HUB_OFFLINE" in said.err
    assert not hub.asked


# ---------------------------------------------------------------- others, and sudden ends


def pushing(hub: HubDouble, run: Path, *options: str) -> "subprocess.Popen[str]":
    """The command, in a process of its own."""
    home = run.parent / f"{run.name}.cache"
    environment = {**os.environ, **hub.environment(), "PYTHONPATH": str(ROOT), "HF_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, "-m", "smoltalk", "push", str(run), TALK, *options],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_pushes_at_once_all_arrive(hub: HubDouble, made: MakeRun) -> None:
    runs = {name: made(name, ROWS[:n]) for name, n in (("a", 4), ("b", 5), ("c", 6))}
    at_the_commit = threading.Barrier(len(runs))
    met: list[str] = []

    class Meet(Failing):
        def meets(self, method: str, path: str) -> bool:
            if method == "POST" and "/commit/" in path and len(met) < len(runs):
                met.append(path)
                at_the_commit.wait(timeout=LONGEST)
            return False

    hub.failing.append(Meet("POST", "/commit/"))
    processes = [pushing(hub, run, "--config-name", name) for name, run in runs.items()]
    ended = [(process.communicate(), process.returncode) for process in processes]
    assert [code for _, code in ended] == [0, 0, 0], ended
    assert any(status == 412 for _, _, status in hub.asked), "they did not meet"
    assert {name: len(load_dataset(TALK, name, split="train")) for name in runs} == {"a": 4, "b": 5, "c": 6}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_in_the_middle_it_goes_on(
    hub: HubDouble, made: MakeRun, smoltalk: Command, number: signal.Signals
) -> None:
    run = made()
    reached, go_on = threading.Event(), threading.Event()

    class Hold(Failing):
        def meets(self, method: str, path: str) -> bool:
            if method == "POST" and "/commit/" in path and not reached.is_set():
                reached.set()
                go_on.wait(timeout=LONGEST)
                return True
            return False

    hub.failing.append(Hold("POST", "/commit/", way="cut_request"))
    process = pushing(hub, run)
    assert reached.wait(timeout=LONGEST)
    process.send_signal(number)
    go_on.set()
    _, err = process.communicate()
    if number is signal.SIGINT:
        assert process.returncode == 130
        assert f"go on with: smoltalk push {run} acme/talk" in err
    assert files(hub) == {".gitattributes"}
    sent = hub.count("PUT", "/_large/")
    assert sent == 1
    assert smoltalk("push", run, TALK).code == 0
    assert hub.count("PUT", "/_large/") == sent
    assert len(load_dataset(TALK, split="train")) == 30
    assert not (run / ".release").exists()


def test_xet_storage_is_used_where_the_hub_has_it(tmp_path: Path, made: MakeRun) -> None:
    run = made()
    with HubDouble(tmp_path / "xet", xet=True).serving() as hub:
        process = pushing(hub, run)
        _, err = process.communicate()
        assert process.returncode == 0, err
        assert hub.count("PUT", "/_large/") == 0
        stored = hub.store.repositories["dataset", TALK].at("main").files["data/default/train-00000-of-00001.parquet"]
        assert hub.store.blob(stored.blob).stat().st_size == stored.size


def test_one_push_of_a_run_at_a_time(hub: HubDouble, made: MakeRun, smoltalk: Callable[..., Said]) -> None:
    from smoltalk.publishing.working import work_folder

    run = made()
    with work_folder(run):
        said = smoltalk("push", run, TALK)
    assert said.code == 3
    assert "is being pushed by another process" in said.err
