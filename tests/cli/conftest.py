"""A pipeline of six rows that end in every way a row can, its run, and the command line called as a user would."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from smoltalk.cli import main

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"

PIPELINE = """\
name: six
engines:
  parrot: {tests.cli.parts.Parrot: {}}
  judge: {tests.cli.parts.Judge: {}}
steps:
  - tests.cli.parts.Questions: {}
  - ask: {engine: parrot, template: answer.j2, attempts: 2}
  - ask: {engine: parrot, template: rate.j2}
  - tests.cli.parts.Length: {}
  - score: {engine: judge, of: response, prompt: instruction}
gates:
  - tests.cli.parts.NotPoor: {}
  - tests.cli.parts.Everything: {}
"""
ANSWER = """\
---
returns: text
column: response
example: {instruction: "What is a loom?"}
---
{{ instruction }}
"""
RATE = """\
---
returns: {quality: [good, poor]}
example: {instruction: "What is a loom?"}
---
Rate: {{ instruction }}
"""


class Said(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


Smoltalk = Callable[..., Said]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with `six.yaml` and its templates."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("six.yaml", PIPELINE), ("answer.j2", ANSWER), ("rate.j2", RATE)):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def smoltalk(here: Path, capsys: pytest.CaptureFixture[str]) -> Smoltalk:
    """The command line, in this process."""

    def call(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(arguments)
        said = Said(code, *capsys.readouterr())
        assert "Traceback" not in said.out + said.err
        return said

    return call


@pytest.fixture
def spawn(here: Path) -> Callable[..., "subprocess.Popen[str]"]:
    """The command line, in a process of its own."""

    def start(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "smoltalk", *arguments],
            cwd=here,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT)])),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def same_as(name: str, text: str) -> None:
    """Compare with a golden file; spans of time are left out. `GOLDEN=write` writes them anew."""
    text = re.sub(r"\d+(\.\d+)? (s|min|h)\b( \d+ (s|min)\b)?", "_ s", text)
    text = re.sub(r"[\d,]+ tokens/s", "_ tokens/s", text)
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()
