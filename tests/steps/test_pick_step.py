"""Pick: the same row gets the same value, shares are kept, picks are independent."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import UserError
from smoltalk.pipeline import load
from smoltalk.rows import row_id
from smoltalk.steps.pick import Pick

IDS = [row_id("p", index, {}) for index in range(4000)]


def picked(scripted: Any, ids: list[str] = IDS, **fields: Any) -> list[Any]:
    step = Pick(**({"column": "style"} | fields))

    async def every() -> list[Any]:
        return [(await step.write({"id": one}, scripted([])))[step.column] for one in ids]

    return asyncio.run(every())


def test_shares_follow_the_weights(scripted: Any) -> None:
    found = Counter(picked(scripted, of={"concise": 2, "friendly": 1, "formal": 1}))
    assert found.keys() == {"concise", "friendly", "formal"}
    assert 1850 < found["concise"] < 2150 and 850 < found["friendly"] < 1150


def test_a_list_is_dealt_evenly_and_keeps_its_kinds(scripted: Any) -> None:
    found = Counter(map(repr, picked(scripted, of=[2, True, 0.5, "yes"])))
    assert found.keys() == {"2", "True", "0.5", "'yes'"}
    assert all(850 < count < 1150 for count in found.values())


def test_the_id_alone_decides(scripted: Any) -> None:
    of = ["a", "b", "c"]
    before = picked(scripted, of=of)
    assert picked(scripted, IDS[::-1], of=of) == before[::-1]
    assert picked(scripted, of=of, seed=1) != before


def test_two_picks_are_independent(scripted: Any) -> None:
    pairs = Counter(zip(picked(scripted, of=["a", "b"]), picked(scripted, column="task", of=["a", "b"]), strict=True))
    assert len(pairs) == 4 and all(850 < count < 1150 for count in pairs.values())


def test_lines_of_a_file(tmp_path: Path, scripted: Any) -> None:
    path = tmp_path / "styles.txt"
    path.write_text("concise\n\n  friendly \nconcise\n# formal\n", encoding="utf-8")
    step = Pick(column="style", of=str(path))
    assert set(picked(scripted, of=str(path))) == {"concise", "friendly", "# formal"}
    before = step.identity()
    path.rename(tmp_path / "moved.txt")
    assert Pick(column="style", of=str(tmp_path / "moved.txt")).identity() == before
    (tmp_path / "moved.txt").write_text("concise\n")
    assert Pick(column="style", of=str(tmp_path / "moved.txt")).identity() != before


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("of: [a, b, a]", ["`of` names `a` twice; give weights instead: `of: {a: 2, b: 1}`"]),
        ("of: []", ["steps.1.pick.of: must be", "not an empty list"]),
        ("of: {a: 0}", ["steps.1.pick.of.a: must be a number greater than 0, not 0"]),
        ("of: {a: [b]}", ["steps.1.pick.of.a"]),
        ("of: [[a]]", ["steps.1.pick.of.0"]),
        ("of: style.txt", ["no file style.txt", "did you mean `styles.txt`?"]),
        ("of: empty.txt", ["empty.txt holds no line to pick"]),
        ("values: [a]", ["`pick` needs `of`", "no field `values`"]),
        ("of: [a], column: instruction", ["key `column` is there twice"]),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: str, told: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.jsonl").write_text('{"instruction": "a", "response": "b"}\n')
    Path("styles.txt").write_text("a\n")
    Path("empty.txt").write_text(" \n")
    Path("own.yaml").write_text(
        f"name: own\nsteps:\n  - jsonl: {{path: data.jsonl}}\n  - pick: {{column: style, {fields}}}\n"
    )
    with pytest.raises(UserError) as caught:
        load("own.yaml")
    assert all(part in str(caught.value) for part in told), str(caught.value)
    assert all(problem.line == 4 for problem in caught.value.problems)
