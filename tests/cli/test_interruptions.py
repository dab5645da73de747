"""What happens to a run that is stopped: Ctrl-C, SIGTERM, kill -9, and a second process in its folder."""

import json
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.cli.conftest import Smoltalk

Spawn = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def stalled(spawn: Spawn) -> "subprocess.Popen[str]":
    """A run that has had three replies of its parrot, and hangs; its judge may still score a row that was answered."""
    child = spawn("run", "six.yaml", PARROT_STALLS_AFTER="3")
    assert child.stdout is not None
    while "stalled" not in (line := child.stdout.readline()):
        assert line, "it ended"
    return child


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_interrupted_and_continued(
    smoltalk: Smoltalk, stalled: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    stalled.send_signal(number)
    _, err = stalled.communicate()
    assert stalled.returncode == 130
    assert err.endswith("interrupted; every finished reply is kept\n    continue with: smoltalk run runs/six\n")
    assert "Traceback" not in err
    assert "interrupted" in smoltalk("status", "runs/six").out
    with closing(sqlite3.connect("runs/six/run.db")) as database:
        replies = dict(database.execute("SELECT engine, count(*) FROM replies GROUP BY engine"))
    assert replies["parrot"] == 3
    said = smoltalk("run", "runs/six")
    assert said.code == 0 and "6 born = 4 accepted" in said.out
    assert f"continues runs/six: {sum(replies.values())} replies kept" in said.out.splitlines()


def test_killed_and_continued(smoltalk: Smoltalk, stalled: "subprocess.Popen[str]") -> None:
    stalled.kill()
    stalled.communicate()
    assert json.loads(smoltalk("status", "runs/six", "--json").out)["state"] == "interrupted"
    said = smoltalk("run", "runs/six")
    assert said.code == 0 and "continues runs/six" in said.out and "6 born = 4 accepted" in said.out


def test_a_second_process_is_told_the_first(smoltalk: Smoltalk, stalled: "subprocess.Popen[str]") -> None:
    try:
        said = smoltalk("run", "six.yaml")
        assert said.code == 3 and f"is being run by process {stalled.pid}\n" in said.err
        assert f"running, by process {stalled.pid}" in smoltalk("status", "runs/six").out
        assert json.loads(smoltalk("status", "runs/six", "--json").out)["state"] == "running"
    finally:
        stalled.send_signal(signal.SIGINT)
        stalled.communicate()


def test_an_interrupted_preview_keeps_nothing(spawn: Spawn) -> None:
    child = spawn("preview", "six.yaml", PARROT_STALLS_AFTER="1")
    assert child.stdout is not None and "stalled" in child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate()
    assert child.returncode == 130 and err.endswith("interrupted; a preview keeps nothing\n")
