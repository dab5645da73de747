"""The name of a row that is read: its own, or its place; other rows, other places and other data have other names."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.mixture.reading import opened
from smoltalk.mixture.source import MixSource
from tests.mixture.small_runs import turns
from tests.mixture.small_sources import lines, parquet, read, rows, source


def test_the_same_rows_have_the_same_ids_in_every_form(tmp_path: Path) -> None:
    share: list[Any] = [
        {"id": f"r{n}", "conversations": [{"from": "human", "value": f"q{n}"}, {"from": "gpt", "value": "a"}]}
        for n in range(3)
    ]
    openai = [{"id": row["id"], "messages": turns(row["conversations"][0]["value"], "a")} for row in share]
    texts = [{"id": row["id"], "q": row["conversations"][0]["value"], "a": "a"} for row in share]
    mapped = {"messages": "conversations"}
    found = [
        rows(read(opened("s", source(lines(tmp_path / "a.jsonl", *openai)), "sft"))),
        rows(read(opened("s", source(parquet(tmp_path / "b.parquet", openai)), "sft"))),
        rows(read(opened("s", source(lines(tmp_path / "c.jsonl", *share), columns=mapped), "sft"))),
        rows(read(opened("s", source(parquet(tmp_path / "d.parquet", share), columns=mapped), "sft"))),
        rows(read(opened("s", source(parquet(tmp_path / "e.parquet", texts), columns={"user": "q", "assistant": "a"}),
                         "sft"))),
    ]  # fmt: skip
    assert all(one == found[0] for one in found)
    assert len({row["id"] for row in found[0]}) == 3
    other = rows(read(opened("t", source(tmp_path / "a.jsonl"), "sft")))
    assert not {row["id"] for row in other} & {row["id"] for row in found[0]}


def test_a_row_that_changes_or_moves_without_an_own_id_has_another_name(tmp_path: Path) -> None:
    def ids(*records: Any) -> list[str]:
        return [row["id"] for row in rows(read(opened("s", source(lines(tmp_path / "a.jsonl", *records)), "sft")))]

    one, two = {"messages": turns("q", "a")}, {"messages": turns("q", "b")}
    assert len({*ids(one, two), *ids(two, one)}) == 4
    own = [{**record, "id": name} for record, name in ((one, "x"), (two, "y"))]
    assert ids(*own) == ids(*own[::-1])[::-1]
    assert ids(own[0]) != ids({**one, "id": "y"})
    assert ids(own[0]) != ids({**two, "id": "x"})


@pytest.mark.parametrize("own", [7, "7", "a" * 300, "", None, True, 1.5, {"x": 1}])
def test_an_own_id_is_a_short_text_or_a_number(tmp_path: Path, own: Any) -> None:
    for file in (
        lines(tmp_path / "a.jsonl", {"id": own, "messages": turns("q", "a")}),
        parquet(tmp_path / "a.parquet", [{"id": own, "messages": turns("q", "a")}]),
    ):
        (row,) = rows(read(opened("s", source(file), "sft")))
        assert row["source_id"] == (str(own) if own in (7, "7") and own is not True else f"{file.name}:1")


def test_files_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        lines(tmp_path / folder / "a.jsonl", {"messages": turns("q", "a")})
    found = rows(read(opened("s", MixSource(files=str(tmp_path)), "sft")))
    assert [row["source_id"] for row in found] == ["x/a.jsonl:1", "y/a.jsonl:1"]
    assert found[0]["id"] != found[1]["id"]


def test_identity_tells_other_rows(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", {"messages": turns("q", "a"), "k": "x"})
    one = opened("s", source(file), "sft").identity()
    assert json.loads(json.dumps(one)) == one
    assert opened("s", source(file, count=1, licence="mit"), "sft").identity() == one
    assert opened("s", source(file, where={"k": "x"}), "sft").identity() != one
    lines(file, {"messages": turns("q", "a"), "k": "x"}, {"messages": turns("q", "a")})
    assert opened("s", source(file), "sft").identity() != one
