"""The first call on a machine: a line on stderr while functions become machine code, and speeds that leave it out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from smoltalk.words import compiling
from smoltalk.words.compiling import SENTENCE, Clock, Watch

PROGRAM = """
import sys
from smoltalk.words.compiled import compiled
from smoltalk.words.compiling import WATCH, Clock

@compiled
def inner(x):
    return x + 1

@compiled
def double(x):
    return inner(x) * 2

clock = Clock()
double(3)
inner(2.5)
print(WATCH.seconds > 0, clock.seconds < WATCH.seconds + 5)
"""


def test_it_is_said_once_and_only_where_the_code_is_not_kept(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    env = os.environ | {"SMOLTALK_CACHE": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, program], capture_output=True, text=True, env=env, check=True)

    first = run()
    assert (first.stdout.split()[0], first.stderr.splitlines()) == ("True", [SENTENCE])
    second = run()
    assert (second.stdout.split()[0], second.stderr) == ("False", "")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as a list of one number."""
    time = [100.0]
    monkeypatch.setattr(compiling.time, "monotonic", lambda: time[0])
    return time


def test_nested_compiling_counts_once(now: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch()
    for step in (watch.begin, watch.begin, watch.end, watch.end, watch.begin, watch.end):
        step()
        now[0] += 1
    assert watch.seconds == 3 + 1
    watch.begin()
    now[0] += 5
    assert watch.seconds == 9
    assert capsys.readouterr().err == SENTENCE + "\n"


def test_a_clock_leaves_compiling_out(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch()
    monkeypatch.setattr(compiling, "WATCH", watch)
    watch.begin()
    now[0] += 7
    watch.end()
    clock = Clock()
    now[0] += 2
    watch.begin()
    now[0] += 20
    assert clock.seconds == 2
    watch.end()
    now[0] += 1
    assert clock.seconds == 3


def test_nobody_has_to_read_it(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    Watch().begin()
