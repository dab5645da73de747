"""Servers of the vllm engine that die or hang: nobody notices, and a row that ends them fails alone."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from smoltalk.engines.vllm import Vllm
from smoltalk.errors import RowFailed, WorldError
from smoltalk.requests import Reply
from tests.engines.vllm_at_work import asking, at_work, bodies, engine, notes, replies


def test_a_server_that_dies_costs_no_reply(program: str, tmp_path: Path) -> None:
    async def scene(model: Vllm) -> tuple[list[Reply], int]:
        asked = [asking(f"slow {i}") for i in range(20)] + [asking("slow, then die once")]
        return list(await asyncio.gather(*map(model.complete, asked))), model.restarted()

    found, restarted = at_work(engine(program, max_in_flight=8), tmp_path, scene)
    assert [reply.text for reply in found] == [*(f"re: slow {i}" for i in range(20)), "re: slow, then die once"]
    assert restarted == 1
    assert len(bodies(tmp_path)) <= 21 + 8, "what was answered is not asked again"
    assert len({note["pid"] for note in notes(tmp_path)}) == 2


def test_a_server_that_hangs_costs_no_reply(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(model: Vllm) -> tuple[list[Reply], int]:
        asked = [asking("hang once")] + [asking(f"slow {i}") for i in range(20)]
        return list(await asyncio.gather(*map(model.complete, asked))), model.restarted()

    monkeypatch.setattr("smoltalk.serving.server.PULSE", 0.1)
    model = engine(program, max_in_flight=8, hang_after=3.0, reply_within=2.5)
    found, restarted = at_work(model, tmp_path, scene)
    assert [reply.text for reply in found] == ["re: hang once", *(f"re: slow {i}" for i in range(20))]
    assert restarted >= 1, "more than once where the machine is too busy for an answer in that time"


def test_a_server_that_takes_long_to_die_costs_no_reply(program: str, tmp_path: Path) -> None:
    asked = [asking("deaf once"), *(asking(f"slow {i}") for i in range(4))]
    found = replies(engine(program, max_in_flight=2), tmp_path, asked)
    assert [reply.text for reply in found] == ["re: deaf once", *(f"re: slow {i}" for i in range(4))]


async def every_outcome(model: Vllm, texts: Sequence[str]) -> list[Any]:
    """A reply's text, or what was raised, for each."""
    found = await asyncio.gather(*(model.complete(asking(text)) for text in texts), return_exceptions=True)
    return [each.text if isinstance(each, Reply) else each for each in found]


@pytest.mark.parametrize("company", [0, 1, 6])
def test_a_row_that_ends_its_server_fails_alone(program: str, tmp_path: Path, company: int) -> None:
    slow = [f"slow {i}" for i in range(company)]

    async def scene(model: Vllm) -> list[Any]:
        rounds = [["die always", *slow], ["fine"]] * 2  # more such rows than restarts
        return [await every_outcome(model, texts) for texts in rounds]

    *found, fine = at_work(engine(program, restarts=1), tmp_path, scene)
    assert fine == ["re: fine"]
    for row, *others in (found[0], found[2]):
        assert isinstance(row, RowFailed) and row.kind == "no_reply"
        assert "times under it, at last under it alone: http://127.0.0.1" in row.detail
        assert others == [f"re: {text}" for text in slow]


def test_a_server_that_nothing_gets_an_answer_from_ends_it(program: str, tmp_path: Path) -> None:
    async def scene(model: Vllm) -> list[Any]:
        return await every_outcome(model, ["die always"] * 6)

    found = at_work(engine(program, restarts=1), tmp_path, scene)
    assert {type(each) for each in found} <= {RowFailed, WorldError}
    ends = [each.sentence for each in found if isinstance(each, WorldError)]
    assert len(ends) >= 4
    assert "went down (it ended with exit code 9), after 3 restarts" in ends[0]


def test_a_request_that_a_sound_server_leaves_unanswered_fails_alone(program: str, tmp_path: Path) -> None:
    async def scene(model: Vllm) -> list[Any]:
        asked = (model.complete(asking("break")), model.complete(asking("fine")))
        return list(await asyncio.gather(*asked, return_exceptions=True))

    broken, fine = at_work(engine(program), tmp_path, scene)
    assert isinstance(broken, RowFailed)
    assert broken.kind == "no_reply"
    assert fine.text == "re: fine"


def test_replicas_stand_in_for_one_that_is_lost(program: str, tmp_path: Path) -> None:
    model = engine(program, replicas=2, restarts=0)
    found = replies(model, tmp_path, [asking(f"slow {i}") for i in range(6)] + [asking("die once")])
    assert [reply.text for reply in found] == [*(f"re: slow {i}" for i in range(6)), "re: die once"]
