"""A source as pieces: every row of its files is born, failed with its place, or passed over."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smoltalk.decontamination.hub import OnHub
from smoltalk.decontamination.lines import Block
from smoltalk.decontamination.parts import Part
from smoltalk.errors import UserError
from smoltalk.mixture import stretches, stretches_of_lines
from smoltalk.mixture.reading import Failed, Piece, Reader, opened
from smoltalk.mixture.source import MixSource
from smoltalk.records import MAX_TEXT
from smoltalk.text import neutralise


def turns(*texts: str) -> list[dict[str, str]]:
    return [{"role": "user" if n % 2 == 0 else "assistant", "content": text} for n, text in enumerate(texts)]


def read(reader: Reader) -> list[Piece]:
    pieces = [piece() for piece in reader.pieces()]
    assert [piece.number for piece in pieces] == list(range(len(pieces)))
    for piece in pieces:
        piece.batch.validate(full=True)
        assert piece.rows == piece.batch.num_rows + len(piece.failed) + piece.passed_over
    return pieces


def rows(pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    return [row for piece in pieces for row in piece.batch.to_pylist()]


def failed(pieces: Sequence[Piece]) -> list[Failed]:
    return [one for piece in pieces for one in piece.failed]


def source(*paths: Path, **fields: Any) -> MixSource:
    return MixSource(files=[str(path) for path in paths], **fields)


def lines(path: Path, *records: Any) -> Path:
    path.write_bytes(b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in records))
    return path


def parquet(path: Path, table: Any, **options: Any) -> Path:
    pq.write_table(table if isinstance(table, pa.Table) else pa.Table.from_pylist(table), path, **options)
    return path


# ---------------------------------------------------------------- what is read


def test_rows_have_ids_places_turns_and_what_is_asked_for(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "a.jsonl",
        {"messages": turns("q <|im_end|>", "a"), "category": "math", "n": 1},
        {"messages": turns("q2", "a2"), "category": None, "n": 2},
    )
    pieces = read(opened("one", source(file), "sft", ["category", "n", "absent"]))
    first, second = rows(pieces)
    assert first == {
        "id": first["id"], "source": "one", "source_id": "a.jsonl:1", "messages": turns("q < |im_end|>", "a"),
        "calls": None, "category": "math", "n": 1, "absent": None,
    }  # fmt: skip
    assert (second["source_id"], second["category"], second["n"]) == ("a.jsonl:2", None, 2)
    assert [piece.mended for piece in pieces] == [1]
    assert all(len(row["id"]) == 16 and int(row["id"], 16) >= 0 for row in (first, second))


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


def test_pairs_lose_the_prompt_that_their_answers_repeat(tmp_path: Path) -> None:
    asked = turns("q")
    given = [
        {"prompt": "q", "chosen": turns("q", "good"), "rejected": turns("q", "bad")},
        {"prompt": "q", "chosen": [turns("", "good")[1]], "rejected": [turns("", "bad")[1]]},
        {"prompt": "other", "chosen": turns("q"), "rejected": []},
    ]
    pieces = read(opened("s", source(parquet(tmp_path / "a.parquet", given)), "dpo"))
    good = {"prompt": asked, "chosen": turns("", "good")[1:], "rejected": turns("", "bad")[1:]}
    assert [{name: row[name] for name in good} for row in rows(pieces)] == [good, good]
    assert [(one.place, one.reason) for one in failed(pieces)] == [("a.parquet:3", "no_turns")]
    bare = [{name: row[name] for name in ("chosen", "rejected")} for row in given[:2]]
    pieces = read(opened("s", source(parquet(tmp_path / "c.parquet", bare)), "dpo"))
    assert [{name: row[name] for name in good} for row in rows(pieces)] == [good]
    assert [(one.place, one.detail.partition(",")[0]) for one in failed(pieces)] == [
        ("c.parquet:2", "`prompt` is not there")
    ]
    texts = lines(tmp_path / "b.jsonl", {"prompt": "q", "chosen": "good", "rejected": "bad"},
                  {"prompt": " ", "chosen": "good", "rejected": "bad"})  # fmt: skip
    pieces = read(opened("s", source(texts), "dpo"))
    assert [{name: row[name] for name in good} for row in rows(pieces)] == [good]
    assert failed(pieces)[0][2:] == ("b.jsonl:2", "no_content", "`prompt` holds no text")


def test_an_answer_that_repeats_half_a_prompt_keeps_it(tmp_path: Path) -> None:
    given = [{"prompt": turns("q", "a", "q2"), "chosen": turns("q", "other"), "rejected": turns("", "bad")[1:]}]
    (row,) = rows(read(opened("s", source(parquet(tmp_path / "a.parquet", given)), "dpo")))
    assert row["chosen"] == turns("q", "other")


def test_only_rows_that_where_asks_for_are_born(tmp_path: Path) -> None:
    given = [
        {"messages": turns("q", "a"), "kind": "math", "level": 1, "easy": True},
        {"messages": turns("q", "a"), "kind": "code", "level": 2, "easy": True},
        {"messages": None, "kind": "math", "level": 2, "easy": False},
        {"messages": turns("q", "a"), "kind": None, "level": None, "easy": None},
    ]
    for file in (lines(tmp_path / "a.jsonl", *given), parquet(tmp_path / "b.parquet", given)):
        for where, born, passed in (
            ({"kind": "math"}, [1, 3], 2),
            ({"kind": ["math", "code"], "easy": True}, [1, 2], 2),
            ({"level": 2}, [2, 3], 2),
            ({"level": 2.0}, [2, 3], 2),
            ({"level": True}, [], 4),
            ({"easy": 1}, [], 4),
            ({"level": "2"}, [], 4),
        ):
            pieces = read(opened("s", source(file, where=where), "sft"))
            places = [row["source_id"] for row in rows(pieces)] + [one.place for one in failed(pieces)]
            assert sorted(places) == [f"{file.name}:{number}" for number in born], where
            assert sum(piece.passed_over for piece in pieces) == passed


def test_calls_are_read_from_lines_and_columns_alike(tmp_path: Path) -> None:
    call = {"type": "function", "function": {"name": "f", "arguments": {"x": 1}}}
    spoken = [
        *turns("q"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "1"},
    ]
    given = [{"messages": turns("q", "a"), "tools": [{"name": "f"}]}, {"messages": spoken, "tools": None}]
    for file in (lines(tmp_path / "a.jsonl", *given), parquet(tmp_path / "b.parquet", given)):
        plain, calling = rows(read(opened("s", source(file), "sft", ["tools"])))
        assert plain["calls"] is None
        assert plain["tools"] == '[{"name":"f"}]'
        assert json.loads(calling["calls"]) == [{}, {"tool_calls": [call]}, {}]
        assert [turn["role"] for turn in calling["messages"]] == ["user", "assistant", "tool"]
        assert calling["messages"][1]["content"] == ""


# ---------------------------------------------------------------- what is no row


def test_lines_that_are_no_rows_fail_with_their_place(tmp_path: Path) -> None:
    good = {"messages": turns("q", "a")}
    file = lines(
        tmp_path / "a.jsonl", b"\xef\xbb\xbf" + json.dumps(good).encode(), b"", b'{"messages": [', b"[1]", b"  ",
        {"messages": "text"}, {"messages": turns("q")[:0]}, {}, {"messages": [{"role": "alien", "content": "x"}]},
        {"messages": [{"role": "user", "content": None}]}, {"messages": [3]}, {"messages": {"a": 1}},
        {"messages": turns("x" * (MAX_TEXT + 1))}, good, b'{"messages": 1', good,
    )  # fmt: skip
    pieces = read(opened("s", source(file), "sft"))
    assert [row["source_id"] for row in rows(pieces)] == ["a.jsonl:1", "a.jsonl:14", "a.jsonl:16"]
    assert [(one.place, one.reason) for one in failed(pieces)] == [
        (f"a.jsonl:{number}", reason)
        for number, reason in [
            (3, "not_json"), (4, "not_json"), (6, "not_json"), (7, "no_turns"), (8, "no_turns"), (9, "unknown_role"),
            (10, "no_content"), (11, "wrong_type"), (12, "wrong_type"), (13, "too_long"), (15, "not_json"),
        ]
    ]  # fmt: skip
    assert failed(pieces)[0].detail == "the line is not JSON: expecting value at its character 15"
    assert failed(pieces)[5].detail == (
        "`messages` turn 1 is spoken by 'alien', not by system, user, assistant or tool"
    )
    assert len({one.id for one in failed(pieces)} | {row["id"] for row in rows(pieces)}) == 14


def test_half_characters_and_broken_bytes_are_mended(tmp_path: Path) -> None:
    half = b'{"messages": [{"role": "user", "content": "a \\ud800 b"}, {"role": "assistant", "content": "\xff"}]}'
    pieces = read(opened("s", source(lines(tmp_path / "a.jsonl", half, {"messages": turns("q", "a")})), "sft"))
    assert [row["messages"] for row in rows(pieces)] == [turns("a \ufffd b", "\ufffd"), turns("q", "a")]
    assert [piece.mended for piece in pieces] == [1]


def test_a_line_too_long_to_hold_is_one_row_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches_of_lines, "STRETCH", 100)
    monkeypatch.setattr(stretches_of_lines, "_LONGEST", 2_000)
    good = {"messages": turns("q", "a")}
    file = lines(tmp_path / "a.jsonl", good, {"messages": turns("x" * 9_000)}, {"messages": turns("y" * 1_000)}, good)
    pieces = read(opened("s", source(file), "sft"))
    assert [row["source_id"] for row in rows(pieces)] == ["a.jsonl:1", "a.jsonl:3", "a.jsonl:4"]
    assert [(one.place, one.reason) for one in failed(pieces)] == [("a.jsonl:2", "too_long")]


def test_large_row_groups_are_cut_and_keep_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "STRETCH", 1_200)
    given = [{"messages": turns(f"q{n}", "a")} for n in range(1, 26)]
    file = parquet(tmp_path / "a.parquet", given, row_group_size=10)
    pieces = read(opened("s", source(file), "sft"))
    assert [piece.rows for piece in pieces] == [3, 3, 3, 1, 3, 3, 3, 1, 5]
    found = [(row["source_id"], row["messages"][0]["content"]) for row in rows(pieces)]
    assert found == [(f"a.parquet:{n}", f"q{n}") for n in range(1, 26)]


# ---------------------------------------------------------------- the laws

_texts = st.one_of(st.none(), st.integers(), st.sampled_from(["q", "<|x|>", "[INST]", "é\0"]), st.text(max_size=5))
_turn = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.dictionaries(st.sampled_from(["role", "from", "content", "value", "tool_calls"]), _texts, max_size=3),
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": st.text(max_size=5)}),
)
_values = st.one_of(_texts, st.lists(_turn, max_size=3))
_records = st.one_of(
    st.fixed_dictionaries({"messages": st.lists(_turn, min_size=1, max_size=3), "k": st.sampled_from(["a", "b"])}),
    st.dictionaries(st.sampled_from(["messages", "id", "k", "other"]), _values, max_size=3),
)
_lines = st.one_of(_records.map(lambda one: json.dumps(one).encode()), st.binary(max_size=12), st.just(b""))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_lines, max_size=8), st.sampled_from([{}, {"k": "a"}]), st.sampled_from([40, 200, 8_000_000]))
def test_every_line_ends_in_one_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given_lines: list[bytes], where: Any, stretch: int
) -> None:
    monkeypatch.setattr(stretches_of_lines, "STRETCH", stretch)
    data = b"\n".join(given_lines).removeprefix(b"\xef\xbb\xbf")
    file = tmp_path / "a.jsonl"
    file.write_bytes(data)
    head = json.dumps({"messages": turns("q", "a"), "k": "a"}).encode()
    first = tmp_path / "0.jsonl"  # so that the columns are known to be there
    first.write_bytes(head)
    pieces = read(opened("s", source(first, file, where=where), "sft", ["k", "other"]))
    present = [number for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    assert sum(piece.rows for piece in pieces) == len(present) + 1
    own = {f"a.jsonl:{number}" for number in present}
    assert {one.place for one in failed(pieces)} <= own
    for row in rows(pieces):
        assert row["messages"]
        for turn in row["messages"]:
            assert turn["role"] in ("system", "user", "assistant", "tool")
            assert turn["content"] == neutralise(turn["content"])


_types = st.sampled_from(
    [
        pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
        pa.large_list(pa.struct([("content", pa.large_string()), ("role", pa.dictionary(pa.int32(), pa.string()))])),
        pa.list_(pa.struct([("from", pa.string()), ("value", pa.string()), ("extra", pa.int64())])),
        pa.struct([("role", pa.list_(pa.string())), ("content", pa.list_(pa.string()))]),
        pa.list_(pa.map_(pa.string(), pa.string())),
        pa.string(),
        pa.list_(pa.string()),
        pa.int64(),
    ]
)


def _of_type(kind: pa.DataType, said: list[Any]) -> list[Any]:
    """Turns (`role`, `content`) as values of a type, as far as it can hold them."""
    if kind == pa.string():
        return [None if one is None else json.dumps(one) for one in said]
    if pa.types.is_struct(kind):
        return [
            one if one is None else {name: [turn[name] for turn in one] for name in ("role", "content")} for one in said
        ]
    if not hasattr(kind, "value_type"):
        return [None if one is None else len(one) for one in said]
    if pa.types.is_map(kind.value_type):
        return [one and [list(turn.items()) for turn in one] for one in said]
    if kind.value_type == pa.string():
        return [one and [turn["content"] for turn in one] for one in said]
    if "from" in [field.name for field in kind.value_type]:
        return [one and [{"from": turn["role"], "value": turn["content"]} for turn in one] for one in said]
    return said


_said = st.one_of(
    st.none(),
    st.lists(
        st.fixed_dictionaries(
            {
                "role": st.sampled_from(["user", "gpt", "alien", None]),
                "content": st.one_of(st.none(), st.sampled_from(["<s>", ""]), st.characters(exclude_categories=["Cs"])),
            }
        ),
        max_size=3,
    ),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_said, max_size=9), _types, st.integers(1, 4), st.sampled_from([1, 100, 8_000_000]))
def test_every_record_ends_in_one_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[Any], kind: pa.DataType, group: int, stretch: int
) -> None:
    monkeypatch.setattr(stretches, "STRETCH", stretch)
    column = pa.array(_of_type(kind, said), kind)
    file = parquet(tmp_path / "a.parquet", pa.table({"messages": column}), row_group_size=group)
    reader = opened("s", source(file), "sft")
    pieces = read(reader)
    good = [row["source_id"] for row in rows(pieces)]
    assert sorted([*good, *(one.place for one in failed(pieces))]) == [
        f"a.parquet:{n}" for n in range(1, len(said) + 1)
    ]
    if kind != pa.list_(pa.string()) and kind != pa.int64():
        sound = [
            bool(one) and all(turn["role"] in ("user", "gpt") and turn["content"] is not None for turn in one)
            for one in said
        ]
        assert good == [f"a.parquet:{n}" for n, well in enumerate(sound, 1) if well]
    some = {piece.number for piece in pieces[::2]}
    again = [read_again() for read_again in reader.pieces(some.__contains__)]
    assert [(p.number, p.batch, p.failed) for p in again] == [
        (p.number, p.batch, p.failed) for p in pieces if p.number not in some
    ]


# ---------------------------------------------------------------- where it is


def test_files_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        lines(tmp_path / folder / "a.jsonl", {"messages": turns("q", "a")})
    found = rows(read(opened("s", MixSource(files=str(tmp_path)), "sft")))
    assert [row["source_id"] for row in found] == ["x/a.jsonl:1", "y/a.jsonl:1"]
    assert found[0]["id"] != found[1]["id"]


def test_missing_columns_are_all_told_at_once(tmp_path: Path) -> None:
    file = parquet(tmp_path / "a.parquet", [{"question": "q", "answer": "a", "topic": "t"}])
    with pytest.raises(UserError) as said:
        opened("s", source(file, columns={"user": "questoin", "assistant": "answer"}, where={"topik": "t"}), "sft")
    assert [(p.path, p.sentence, p.hint) for p in said.value.problems] == [
        ("mix.sources.s", "has no column `questoin`", "did you mean `question`?"),
        ("mix.sources.s", "has no column `topik`", "did you mean `topic`?"),
    ]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    file = parquet(tmp_path / "a.parquet", [{"messages": turns("q", "a")}] * 50)
    whole = file.read_bytes()
    file.write_bytes(whole[:20] + b"\xff" * 60 + whole[80:])
    with pytest.raises(UserError, match="is no whole Parquet file"):
        read(opened("s", source(file), "sft"))


class _Head:
    """A dataset on the Hub of which parts are handed out as `OnHub` does, without a network."""

    def __init__(self, tables: Sequence[pa.Table]) -> None:
        self.tables, self.asked = tables, 0

    def parts(self, hub: OnHub, done: Any) -> Iterator[Part]:
        self.asked += 1
        for number, table in enumerate(self.tables):
            blocks = [] if done(number) else [Block(table, [], 0)]
            yield Part(number, hub.dataset, 0, lambda blocks=blocks: iter(blocks))  # type: ignore[misc]


def test_a_dataset_on_the_hub_is_read_at_one_commit_and_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [pa.table({"messages": [turns("q", "a")] * 2}), pa.table({"messages": [turns("q3", "a"), None]})]
    head = _Head(tables)
    monkeypatch.setattr(OnHub, "parts", lambda self, done: head.parts(self, done))
    monkeypatch.setattr(OnHub, "_head", lambda self: "c0ffee")
    hub = MixSource(hub="org/name", config="all", split="test", licence="mit")
    reader = opened("s", hub, "sft")
    assert (reader.commit, reader.origin, reader.licence) == ("c0ffee", "org/name (all, test)", "mit")
    pieces = read(reader)
    assert head.asked == 1
    assert [row["source_id"] for row in rows(pieces)] == ["test:1", "test:2", "test:4097"]
    assert [one.place for one in failed(pieces)] == ["test:4098"]
    assert [piece().number for piece in reader.pieces({0}.__contains__)] == [1]
    monkeypatch.setattr(OnHub, "_head", lambda self: "0ther")
    assert opened("s", hub, "sft", before=reader.identity()).commit == "c0ffee"
    with pytest.raises(UserError, match="has no column `messages`"):
        head.tables = [pa.table({"text": ["x"]})]
        opened("s", hub, "sft")


def test_identity_tells_other_rows(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", {"messages": turns("q", "a"), "k": "x"})
    one = opened("s", source(file), "sft").identity()
    assert json.loads(json.dumps(one)) == one
    assert opened("s", source(file, count=1, licence="mit"), "sft").identity() == one
    assert opened("s", source(file, where={"k": "x"}), "sft").identity() != one
    lines(file, {"messages": turns("q", "a"), "k": "x"}, {"messages": turns("q", "a")})
    assert opened("s", source(file), "sft").identity() != one
