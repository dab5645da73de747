"""NearestItems: which items come near, how often they are embedded, and what is refused."""

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import RowFailed
from smoltalk.steps.nearest_items import NearestItems

ANGLES = {"lamp": 0.0, "lantern A oil": 10.0, "ferry": 90.0}


class Compass:
    """An `Ask` whose vectors are angles."""

    def __init__(self) -> None:
        self.embedded: list[tuple[str, int]] = []

    async def embed(self, engine: str, text: str, *, turn: int = 0) -> list[float]:
        self.embedded.append((text, turn))
        angle = math.radians(ANGLES[text])
        return [math.cos(angle), math.sin(angle)]


@pytest.fixture
def items(tmp_path: Path) -> str:
    path = tmp_path / "sea.jsonl"
    rows: list[dict[str, Any]] = [{"question": "ferry"}, {"question": "lantern", "choices": ["oil"], "id": "lan"}]
    path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


def test_near_items_come_nearest_first_and_far_ones_not(items: str) -> None:
    step: NearestItems = NearestItems(engine="e", against=(items,))
    assert (step.reads(), step.writes(), step.engine_kind) == ({"instruction"}, {"nearest_items"}, "embeds")
    found = asyncio.run(step.write({"instruction": "lamp"}, Compass()))  # type: ignore[arg-type]
    assert found == {"nearest_items": [{"benchmark": "sea", "item": "lan", "likeness": 0.985, "text": "lantern A oil"}]}
    both = NearestItems(engine="e", against=(items,), least=-1)
    near = asyncio.run(both.write({"instruction": "lamp"}, Compass()))["nearest_items"]  # type: ignore[arg-type]
    assert [one["item"] for one in near] == ["lan", "0"]
    one = NearestItems(engine="e", against=(items,), least=-1, top=1)
    assert len(asyncio.run(one.write({"instruction": "lamp"}, Compass()))["nearest_items"]) == 1  # type: ignore[arg-type]


def test_items_are_embedded_once_and_under_turns_of_their_own(items: str) -> None:
    step, ask = NearestItems(engine="e", against=(items,)), Compass()

    async def rows() -> None:
        await asyncio.gather(*(step.write({"instruction": "lamp"}, ask) for _ in range(3)))  # type: ignore[arg-type]

    asyncio.run(rows())
    assert sorted(ask.embedded) == [
        ("ferry", 1_000_000),
        ("lamp", 0),
        ("lamp", 0),
        ("lamp", 0),
        ("lantern A oil", 1_000_001),
    ]


def test_other_items_are_another_step(items: str) -> None:
    before = NearestItems(engine="e", against=(items,)).identity()
    Path(items).write_text('{"question": "ferry"}')
    assert NearestItems(engine="e", against=(items,)).identity() != before


def test_what_cannot_be_compared_is_told(items: str) -> None:
    assert list(NearestItems(engine="e", against=(items,)).check()) == []
    (wrong,) = NearestItems(engine="e", against=("gsm8k",)).check()
    assert "`gsm8k` is no file of items" in wrong
    with pytest.raises(RowFailed, match="holds no text"):
        asyncio.run(NearestItems(engine="e", against=(items,)).write({"instruction": " "}, Compass()))  # type: ignore[arg-type]
