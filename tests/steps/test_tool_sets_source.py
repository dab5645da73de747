"""Sets of tools: kinds in their shares, distractors beside what is wanted, the same rows every time."""

import json
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.catalog import data_folder
from smoltalk.steps.tool_sets import ToolSets

PATH = str(data_folder("pipelines") / "samples" / "tools")


def drawn(count: int, start: int = 0, **fields: Any) -> list[Any]:
    return list(islice(ToolSets(path=PATH, **fields).rows(start), count))


def names(row: Any) -> list[str]:
    return [tool["function"]["name"] for tool in row["tools"]]


def test_kinds_come_in_their_shares_over_any_stretch() -> None:
    for start in (0, 977):
        kinds = Counter(row["call_kind"] for row in drawn(400, start))
        assert abs(kinds["single"] - 180) <= 3 and abs(kinds["parallel"] - 160) <= 3 and abs(kinds["none"] - 60) <= 3
    assert ToolSets(path=PATH).shares() == ("call_kind", {"none": 0.15, "parallel": 0.4, "single": 0.45})


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(0, 6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_every_row_is_what_its_kind_says(least: int, more: int, seed: int, start: int) -> None:
    for row in drawn(20, start, offered=(least, least + more), seed=seed):
        offered, wanted = names(row), row["wanted_tools"]
        assert len(set(offered)) == len(offered) and least <= len(offered) <= least + more
        about = {json.loads(line)["name"] for line in row["about_tools"].splitlines()}
        assert [json.loads(line)["name"] for line in row["tools_shown"].splitlines()] == offered
        match row["call_kind"]:
            case "single":
                assert len(wanted) == 1 and about == set(wanted) <= set(offered)
            case "parallel":
                assert len(wanted) in (2, 3) and about == set(wanted) <= set(offered)
            case "none":
                assert wanted == [] and len(about) == 1 and not about & set(offered)


def test_rows_are_the_same_every_time_and_others_by_seed() -> None:
    assert drawn(20, 30) == drawn(50)[30:]
    assert drawn(20) != drawn(20, seed=1)


def test_one_tool_is_wanted_several_times_as_often_as_asked() -> None:
    def same(**fields: Any) -> int:
        rows = drawn(200, kinds={"parallel": 1}, offered=(4, 6), **fields)
        return sum(len(set(row["wanted_tools"])) == 1 for row in rows)

    assert same(same_tool=0) == 0 and same(same_tool=1) == 200
    assert 40 <= same(same_tool=0.3) <= 80


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"offered": (3, 2)}, "names the larger number first"),
        ({"offered": (1, 64)}, "holds 41 tools, and 65 are needed, one more than `offered`"),
        ({"path": "nowhere"}, "no file nowhere"),
    ],
)
def test_mistakes_are_said(fields: dict[str, Any], said: str) -> None:
    (sentence,) = ToolSets(**{"path": PATH} | fields).check()
    assert said in sentence


def test_the_fingerprint_follows_schemas_and_not_their_place(tmp_path: Path) -> None:
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        schema = (Path(PATH) / "set_timer.json").read_text()
        (tmp_path / place / "set_timer.json").write_text(schema)
    before = ToolSets(path=str(tmp_path / "a")).fingerprint()
    assert ToolSets(path=str(tmp_path / "b")).fingerprint() == before
    (tmp_path / "b" / "set_timer.json").write_text(schema.replace("countdown", "clock"))
    assert ToolSets(path=str(tmp_path / "b")).fingerprint() != before


def test_parallel_rows_need_as_many_calls_as_the_weights_say() -> None:
    def counted(**fields: Any) -> Counter[int]:
        rows = drawn(200, kinds={"parallel": 1}, offered=(1, 6), **fields)
        return Counter(len(row["wanted_tools"]) for row in rows)

    assert counted(calls={"five": 1}) == {5: 200}
    both = counted(calls={"two": 0.7, "three": 0.3})
    assert set(both) == {2, 3} and 120 <= both[2] <= 160
