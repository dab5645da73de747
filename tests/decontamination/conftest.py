"""A private benchmark of four items, and calls of the command on data that holds them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
import typer

from smoltalk.cli.decontaminate import decontaminate
from smoltalk.cli.ending import ended

LAMPS = (
    "A lighthouse keeper on the island of Vell trims 14 lamps before dusk and refills 9 of them again at midnight. "
    "Each refill takes half a litre of oil, and the supply boat brings 40 litres on the first day of every month. "
    "After how many nights does the keeper run out of oil?"
)
FERRY = "A ferry to Calder leaves whenever its deck is half full of goats, and never after the seventh bell has rung."
CRANE = "Nobody in Strand remembers when the old harbour crane was built or why it has been painted green since then."
SHORT = "Which lighthouse has the tallest keeper?"
PLAIN = "The baker of Orrin sells rye loaves by weight, and children get the crust for nothing on market days."


class Said(NamedTuple):
    """How a call ended and what it said."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def harbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of items; the working directory is its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SMOLTALK_CACHE", str(tmp_path / "cache"))
    texts = {"lamps": LAMPS, "ferry": FERRY, "crane": CRANE, "short": SHORT}
    items = [{"id": name, "question": text} for name, text in texts.items()]
    return jsonl(tmp_path / "harbour.jsonl", items)


@pytest.fixture
def call(harbour: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """`smoltalk decontaminate`, against the harbour, into `out`."""
    app = typer.Typer(add_completion=False)
    app.command()(decontaminate)

    def called(*arguments: str, against: str = "harbour.jsonl", out: str = "out") -> Said:
        capsys.readouterr()
        code = ended(lambda: app([*arguments, "--against", against, "--out", out, "--threads", "2"]))
        return Said(code, *capsys.readouterr())

    return called


def jsonl(path: Path, rows: list[Any]) -> Path:
    """Rows as JSON Lines; strings are lines already."""
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def rows(side: str, out: str = "out") -> list[dict[str, Any]]:
    """What a call wrote, in order."""
    return [row for path in sorted(Path(out, side).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def chat(*turns: str) -> list[dict[str, str]]:
    """A conversation."""
    return [{"role": ("user", "assistant")[i % 2], "content": turn} for i, turn in enumerate(turns)]


def summary(out: str = "out") -> dict[str, Any]:
    """What a call counted."""
    return dict(json.loads(Path(out, "summary.json").read_text()))
