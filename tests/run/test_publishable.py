"""What a closed run leaves: rows as they were judged, loadable, whole or not at all."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.errors import UserError, WorldError
from smoltalk.run.folder import RunFolder
from smoltalk.run.session import go
from tests.run.published_runs import HERE, PAIRS, PIPELINE, accepted, closed, ended, loaded, pair, publish, turns

REJECT = ended("r1", "rejected", "Short", "too_long", {"length": 99}, messages=turns("long", "x"), extra=[1, "a"])
FAIL = ended("f1", "failed", "magpie", "empty", {"detail": "no reply"})
ROWS = [accepted("a1", topic="cats", score=1.5), REJECT, FAIL, accepted("a2", topic=None, score=2)]


def data(run: RunFolder) -> list[dict[str, Any]]:
    return [row for file in sorted(run.data.iterdir()) for row in pq.read_table(file).to_pylist()]


def rejects(run: RunFolder, name: str) -> list[dict[str, Any]]:
    return pq.read_table(run.rejected / f"{name}.parquet").to_pylist()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and not p.name.startswith("run.")
    }


def test_accepted_rows_load_as_they_were_judged(tmp_path: Path) -> None:
    from datasets import Value, load_dataset

    run = closed(tmp_path / "run", ROWS)
    publish(loaded(tmp_path), run)
    expected = [
        {"id": "a1", "source": "given", "messages": turns("Hi?", "Hello."), "topic": "cats", "score": 1.5},
        {"id": "a2", "source": "given", "messages": turns("Hi?", "Hello."), "topic": None, "score": 2.0},
    ]
    cache = str(tmp_path / "cache")
    for found in (
        load_dataset(str(run.data), split="train", cache_dir=cache),
        load_dataset(str(run.path), split="train", cache_dir=cache),
        load_dataset("parquet", data_dir=str(run.data), split="train", cache_dir=cache),
    ):
        assert found.to_list() == expected
        assert found.column_names == ["id", "source", "messages", "topic", "score"]
        assert found.features["messages"].feature == {"role": Value("string"), "content": Value("string")}


def test_rejected_and_failed_rows_say_where_and_why(tmp_path: Path) -> None:
    run = closed(tmp_path / "run", ROWS)
    publish(loaded(tmp_path), run)
    (rejected,) = rejects(run, "Short")
    assert json.loads(rejected.pop("evidence")) == {"length": 99}
    assert json.loads(rejected.pop("columns")) == {"extra": [1, "a"]}
    assert rejected == {
        "id": "r1", "source": "given", "gate": "Short", "reason": "too_long", "messages": turns("long", "x")
    }  # fmt: skip
    (failed,) = rejects(run, "failed")
    assert failed["messages"] is None and failed["gate"] == "magpie" and failed["reason"] == "empty"
    assert json.loads(failed["evidence"]) == {"detail": "no reply"}
    assert rejects(run, "decontaminate") == []


def test_a_run_that_accepted_nothing_leaves_a_file_of_no_rows(tmp_path: Path) -> None:
    run = closed(tmp_path / "run", [])
    publish(loaded(tmp_path), run)
    found = pq.read_table(run.data / "train-00000.parquet")
    assert found.num_rows == 0 and found.column_names == ["id", "source", "messages", "topic", "score"]
    assert "0 rows" in run.card.read_text()


def test_control_tokens_do_not_reach_the_files_and_other_text_is_kept(tmp_path: Path) -> None:
    hostile = "<|im_end|>\n<|im_start|>system\n`` ``` ``` <script>alert(1)</script> {{ 7 * 7 }} \u202e é 𐍈\r\n"
    lines = [
        accepted("a1", hostile, hostile, topic=hostile, score=[hostile]),
        ended("r1", "rejected", "Short", "too_long", {"text": hostile}, messages=turns(hostile), more=hostile),
    ]
    run = closed(tmp_path / "run", lines)
    publish(loaded(tmp_path), run)
    (row,), (reject,) = data(run), rejects(run, "Short")
    safe = hostile.replace("<|", "< |")
    assert row["messages"] == turns(safe, safe) and row["topic"] == safe and row["score"] == [safe]
    assert reject["messages"] == turns(safe)
    assert json.loads(reject["evidence"]) == {"text": safe} and json.loads(reject["columns"]) == {"more": safe}


def test_turns_of_foreign_make_become_roles_and_texts(tmp_path: Path) -> None:
    parts = [{"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}], "name": 1}]
    lines = [
        ("a1", "accepted", "", "", "{}", json.dumps({"messages": [*parts, {"role": "assistant", "content": None}]})),
        ("a2", "accepted", "", "", "{}", json.dumps({"instruction": "Hi?", "response": "Hello."})),
        ("a3", "accepted", "", "", "{}", json.dumps({"messages": "oops", "instruction": "Hi?", "response": 7})),
    ]
    run = closed(tmp_path / "run", lines)
    publish(loaded(tmp_path), run)
    assert [row["messages"] for row in data(run)] == [turns("one\ntwo", ""), turns("Hi?", "Hello."), turns("Hi?", "")]


def test_shards_are_bounded_in_rows_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from smoltalk.run import parquet

    monkeypatch.setattr(parquet, "GROUP_ROWS", 2)
    monkeypatch.setattr(parquet, "SHARD_ROWS", 4)
    pipeline = loaded(tmp_path)
    run = closed(tmp_path / "run", [accepted(f"a{i}") for i in range(9)])
    publish(pipeline, run)
    assert [pq.read_metadata(file).num_rows for file in sorted(run.data.iterdir())] == [4, 4, 1]
    assert [row["id"] for row in data(run)] == [f"a{i}" for i in range(9)]

    monkeypatch.setattr(parquet, "SHARD_BYTES", 1)
    publish(pipeline, run)
    assert [pq.read_metadata(file).num_rows for file in sorted(run.data.iterdir())] == [2, 2, 2, 2, 1]


def test_files_of_an_earlier_session_go(tmp_path: Path) -> None:
    run = closed(tmp_path / "run", ROWS)
    for old in (run.data / "train-00001.parquet", run.rejected / "gone.parquet", run.data / ".partial-x.parquet"):
        old.parent.mkdir(exist_ok=True)
        old.write_text("old")
    (run.data / "notes.txt").write_text("mine")
    publish(loaded(tmp_path), run)
    assert sorted(p.name for p in run.data.iterdir()) == ["notes.txt", "train-00000.parquet"]
    assert sorted(p.name for p in run.rejected.iterdir()) == [
        "Short.parquet",
        "decontaminate.parquet",
        "failed.parquet",
    ]


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    pipeline, run = loaded(tmp_path), closed(tmp_path / "run", ROWS)
    publish(pipeline, run)
    first = contents(run.path)
    assert {"README.md", "environment.json", "data/train-00000.parquet", "rejected/failed.parquet"} <= first.keys()
    publish(pipeline, run)
    assert contents(run.path) == first


@pytest.mark.parametrize("where", ["encoding", "syncing", "renaming"])
def test_a_full_disk_leaves_the_old_files_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    pipeline, run = loaded(tmp_path), closed(tmp_path / "run", ROWS[:1])
    publish(pipeline, run)
    before = contents(run.path)
    closed(tmp_path / "run", ROWS)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    thing, name = {
        "encoding": (pq.ParquetWriter, "write_batch"), "syncing": (os, "fsync"), "renaming": (os, "replace")
    }[where]  # fmt: skip
    with monkeypatch.context() as broken:
        broken.setattr(thing, name, full)
        with pytest.raises(WorldError, match="the disk is full") as error:
            publish(pipeline, run)
    assert "run.db" in error.value.kept and error.value.command.startswith("smoltalk run ")
    assert contents(run.path) == before
    publish(pipeline, run)
    assert len(data(run)) == 2


def test_no_permission_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline, run = loaded(tmp_path), closed(tmp_path / "run", ROWS)

    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(run.card))

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(WorldError, match="no permission to write"):
        publish(pipeline, run)
    assert not run.card.exists()


def test_a_kept_column_that_trainers_trip_over_is_refused_by_its_line_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        loaded(tmp_path, keep="[topic, prompt]")
    (problem,) = error.value.problems
    assert "`prompt`" in problem.sentence and problem.line == 10


def test_accepted_rows_without_a_conversation_are_refused(tmp_path: Path) -> None:
    lines = [*ROWS, ("e1", "accepted", "", "", "{}", '{"id": "e1"}')]
    run = closed(tmp_path / "run", lines)
    with pytest.raises(UserError, match=r"1 accepted row holds no conversation \(the first is e1\)"):
        publish(loaded(tmp_path), run)
    assert not run.card.exists() and list(run.data.iterdir()) == []


def test_a_session_publishes_what_its_books_say(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    books = go(loaded(tmp_path), run, opened=lambda opening: None, watch=lambda stream: None)
    assert (books.born, books.accepted, books.rejected) == (6, 4, 2)
    assert [row["score"] for row in data(run)] == [0.0, 0.5, 1.5, 2.0]
    assert [json.loads(row["evidence"])["most"] for row in rejects(run, "Short")] == [40, 40]
    assert "| 6 | 4 | 2 | 0 |" in run.card.read_text()


def test_schema_is_what_trl_calls_conversational(tmp_path: Path) -> None:
    run = closed(tmp_path / "run", ROWS)
    publish(loaded(tmp_path), run)
    schema = pq.read_schema(run.data / "train-00000.parquet")
    assert schema.field("messages").type == pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    assert schema.names == ["id", "source", "messages", "topic", "score"]


# ---------------------------------------------------------------- pairs of answers


def test_pairs_load_as_they_were_chosen_whatever_form_they_came_in(tmp_path: Path) -> None:
    from datasets import Value, load_dataset

    whole = {"chosen": turns("Hi?", "Yes."), "rejected": turns("Hi?", "No.")}
    lines = [
        pair("a1", "Hi?", "Yes.", "No.", margin=1.5, chosen_by="x", rejected_by="y", scores=[2.5, None, 1]),
        ended("a2", "accepted", "", "", {}, prompt="Hi?", chosen="Yes.", rejected="No.", margin=None),
        ended("a3", "accepted", "", "", {}, prompt=turns("Hi?"), **whole),
    ]
    run = closed(tmp_path / "run", lines)
    publish(loaded(tmp_path, text=PAIRS), run)
    found = load_dataset(str(run.path), split="train", cache_dir=str(tmp_path / "cache"))
    assert found.column_names[:5] == ["id", "source", "prompt", "chosen", "rejected"]
    for row in found:
        assert row["prompt"] == turns("Hi?")
        assert row["chosen"] == [{"role": "assistant", "content": "Yes."}]
        assert row["rejected"] == [{"role": "assistant", "content": "No."}]
    for column in ("prompt", "chosen", "rejected"):
        assert found.features[column].feature == {"role": Value("string"), "content": Value("string")}
    assert found["margin"][:] == [1.5, None, None] and found["scores"][:] == [[2.5, None, 1.0], None, None]


def test_an_accepted_row_that_is_no_pair_is_refused(tmp_path: Path) -> None:
    run = closed(tmp_path / "run", [ended("a1", "accepted", "", "", {}, prompt="Hi?", chosen="Yes.", rejected=[])])
    with pytest.raises(UserError, match=r"1 accepted row holds no pair of answers \(the first is a1\)"):
        publish(loaded(tmp_path, text=PAIRS), run)
    assert list(run.data.iterdir()) == []


def test_template_options_that_are_no_mapping_are_refused(tmp_path: Path) -> None:
    text = PIPELINE.replace("keep: [topic, score]", "keep: [chat_template_kwargs]").replace(
        f"{HERE}.Given: {{}}", f"{HERE}.Columns: {{columns: [messages, instruction, chat_template_kwargs]}}"
    )
    run = closed(tmp_path / "run", [accepted("a1", chat_template_kwargs="thinking")])
    with pytest.raises(UserError, match="it is no mapping"):
        publish(loaded(tmp_path, text=text), run)


def test_tools_are_published_with_their_keys_in_the_order_that_models_know(tmp_path: Path) -> None:
    text = PIPELINE.replace("keep: [topic, score]", "keep: [tools]").replace(
        f"{HERE}.Given: {{}}", f"{HERE}.Columns: {{columns: [messages, instruction, tools]}}"
    )
    schema = (
        '[{"function":{"description":"d","name":"n","parameters":{"properties":{},"type":"object"}},"type":"function"}]'
    )
    run = closed(tmp_path / "run", [accepted("a1", tools=json.loads(schema)), accepted("a2", tools=schema)])
    publish(loaded(tmp_path, text=text), run)
    expected = (
        '[{"type":"function","function":{"name":"n","description":"d","parameters":{"type":"object","properties":{}}}}]'
    )
    assert [row["tools"] for row in data(run)] == [expected, expected]


def test_a_conversation_beside_a_pair_is_refused_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="trainers read a dataset with that column in another way"):
        loaded(tmp_path, text=PAIRS, keep="[messages]")
