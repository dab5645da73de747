"""The gates and `smoltalk dedup` compare the same texts of a row: what is reasoned and what calls are given, too."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from smoltalk.cli import main
from smoltalk.gates.exact_duplicate import ExactDuplicate
from smoltalk.gates.near_duplicate import NearDuplicate

LONG = "The ferry to Calder leaves whenever its deck is half full of goats, and never after the seventh bell has rung."
OTHER = "Nobody in Strand remembers when the old harbour crane was built or why it has been painted green since then."


def row(name: str, **said: Any) -> dict[str, Any]:
    return {
        "id": name,
        "messages": [{"role": "user", "content": "And?"}, {"role": "assistant", "content": "So.", **said}],
    }


def calling(**arguments: str) -> list[dict[str, Any]]:
    return [{"id": "c", "type": "function", "function": {"name": "ask", "arguments": json.dumps(arguments)}}]


GIVEN = [
    row("plain"),
    row("ferry", reasoning_content=LONG),
    row("crane", reasoning_content=OTHER),
    row("ferry again", reasoning_content=LONG.upper()),
    row("calls ferry", tool_calls=calling(about=LONG, until=OTHER)),
    row("calls crane", tool_calls=calling(about=OTHER[::-1])),
    row("calls ferry again", tool_calls=calling(about=LONG, until=OTHER)),
    row("plain again"),
]


@pytest.mark.parametrize("by", ["exact", "near"])
@pytest.mark.parametrize("against", [False, True])
def test_what_one_keeps_the_other_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str, against: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    old, new = (GIVEN[:3], GIVEN[3:]) if against else ([], GIVEN)
    for name, some in {"old": old, "new": new}.items():
        Path(f"{name}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in some))
    beside = ("old.jsonl",) if against else ()
    assert main(["dedup", "new.jsonl", "--by", by, "--out", "out", *(f"--against={one}" for one in beside)]) == 0
    told = {name: pq.read_table(f"out/{name}").to_pylist() for name in ("kept", "duplicates")}
    gate = (ExactDuplicate if by == "exact" else NearDuplicate)(on="messages", against=beside).open()
    verdicts = {one["id"]: gate.judge(one) for one in new}
    assert [name for name, verdict in verdicts.items() if verdict.keep] == [one["id"] for one in told["kept"]]
    repeats = {name: verdict.evidence["duplicate_of"] for name, verdict in verdicts.items() if not verdict.keep}
    assert repeats == {one["id"]: one["duplicate_of"] for one in told["duplicates"]}
    assert repeats.keys() >= {"ferry again", "plain again"}
    assert not repeats.keys() & {"crane", "calls crane"}
