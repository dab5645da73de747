"""The gates and `smoltalk dedup` compare the same texts of a row: what is reasoned and what calls are given, too."""

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import pytest

from smoltalk.cli import main
from smoltalk.contracts import Ask
from smoltalk.engines.embedding import Embedding
from smoltalk.errors import RowFailed
from smoltalk.gates.exact_duplicate import ExactDuplicate
from smoltalk.gates.near_duplicate import NearDuplicate
from smoltalk.gates.semantic_duplicate import SemanticDuplicate
from smoltalk.steps.embed import Embed
from smoltalk.vectors import vector_of

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


class Hashed:
    """An `Ask` that embeds by the engine that `smoltalk dedup` has without `--model`."""

    def __init__(self, engine: Embedding) -> None:
        self._engine = engine

    async def embed(self, engine: str, text: str, *, turn: int = 0) -> list[float]:
        return vector_of((await self._engine.embed(text)).text)


async def embedded(some: list[dict[str, Any]], of: str, folder: Path) -> list[dict[str, Any]]:
    engine: Embedding = Embedding()
    await engine.start(folder)
    step: Embed = Embed(engine="e", of=of)
    rows = [{**one, **await step.write(one, cast(Ask, Hashed(engine)))} for one in some]
    await engine.stop()
    return rows


def test_a_conversation_is_embedded_as_the_command_embeds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("new.jsonl").write_text("".join(json.dumps(one) + "\n" for one in GIVEN))
    assert main(["dedup", "new.jsonl", "--by", "semantic", "--out", "out"]) == 0
    kept, repeats = (pq.read_table(f"out/{name}").to_pylist() for name in ("kept", "duplicates"))
    gate = SemanticDuplicate().open()
    verdicts = {one["id"]: gate.judge(one) for one in asyncio.run(embedded(GIVEN, "messages", tmp_path))}
    assert [name for name, verdict in verdicts.items() if verdict.keep] == [one["id"] for one in kept]
    assert len(repeats) >= 3
    told = {one["id"]: (one["duplicate_of"], pytest.approx(one["similarity"], abs=1e-3)) for one in repeats}
    evidence = {name: verdict.evidence for name, verdict in verdicts.items() if not verdict.keep}
    assert {name: (one["duplicate_of"], one["similarity"]) for name, one in evidence.items()} == told


@pytest.mark.parametrize("value", [None, "", " ", [], [{"role": "user", "content": ""}], 7])
def test_what_says_nothing_is_not_embedded(tmp_path: Path, value: Any) -> None:
    with pytest.raises(RowFailed, match="column `messages` holds no text to embed"):
        asyncio.run(embedded([{"id": "a", "messages": value}], "messages", tmp_path))
