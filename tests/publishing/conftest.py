"""Finished runs to publish, the pretended Hub to publish them on, and the command called as a user would."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from smoltalk.cli import main
from tests.hub_double.fixture import hub as hub
from tests.run.published_runs import PIPELINE, accepted, closed, ended, loaded, publish

ROWS = [accepted(f"{i:016x}", f"What is {i} and {i}?", f"It is {2 * i}.", topic="sums", score=i / 2) for i in range(30)]
LINES = [*ROWS, ended("f" * 16, "rejected", "Short", "too_long", {"length": 50})]

MakeRun = Callable[..., Path]


class Said(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


@pytest.fixture
def made(tmp_path: Path) -> MakeRun:
    """Makes a finished run: its rows, its pipeline's text and keys, what its books say."""

    def make(
        name: str = "run",
        lines: Iterable[Sequence[str]] = LINES,
        text: str = PIPELINE,
        state: str = "complete",
        **keys: str,
    ) -> Path:
        home = tmp_path / f"{name}.home"
        home.mkdir(exist_ok=True)
        pipeline = loaded(home, text=text, **keys)
        meta: dict[str, Any] = {"path": pipeline.path, "home": Path.cwd(), "settings": json.dumps({})}
        run = closed(tmp_path / name, lines, state, **meta)
        run.pipeline.write_text(pipeline.text)
        publish(pipeline, run)
        (run.path / "report.html").write_text("<p>made before</p>")
        return run.path

    return make


@pytest.fixture
def smoltalk(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """The command line, in this process."""

    def call(*arguments: object) -> Said:
        capsys.readouterr()
        code = main([str(one) for one in arguments])
        said = Said(code, *capsys.readouterr())
        assert "Traceback" not in said.out + said.err
        return said

    return call
