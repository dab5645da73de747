"""Rows are looked at before a model loads: what is faulty, too long, without marks, or of another trainer's kind."""

from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import UserError
from smoltalk.train.data_source import TrainingData
from smoltalk.train.recipe import read
from tests.train.conftest import Write, pair, said, talk

pytest.importorskip("trl", reason="TRL is not installed")

from smoltalk.train.loading import load
from smoltalk.train.session import look

TEMPLATE = """\
{%- for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}
{%- endfor %}"""

WITH_CALLS = """\
{%- for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] }}
{%- for call in message.get('tool_calls') or [] %}{{ call['function']['name'] }}{% endfor %}{{ '<|im_end|>\\n' }}
{%- endfor %}"""


def looked(kind: Any, path: Path, folder: Path) -> Any:
    return look(read(kind, path), folder, lambda line: None)


def refused(kind: Any, path: Path, folder: Path) -> str:
    with pytest.raises(UserError) as error:
        looked(kind, path, folder)
    return str(error.value)


def test_sound_rows_are_counted(recipe_file: Write, tmp_path: Path) -> None:
    path = recipe_file([talk(n) for n in range(20)], {"held_out": 5}, assistant_only_loss=True)
    found = looked("sft", path, tmp_path / "rows").checked
    assert (found.rows, found.held_out, found.left_out) == (15, 5, 0)
    assert 0 < found.learned < found.tokens
    assert found.longest == max(found.lengths)
    assert found.remarks() == []


def test_faulty_rows_stop_it_and_say_where_they_are(recipe_file: Write, tmp_path: Path) -> None:
    faulty = {"id": "bad", "messages": [said("user", "a"), said("user", "b"), said("assistant", "c")]}
    rows = [*(talk(n) for n in range(9)), faulty]
    text = refused("sft", recipe_file(rows), tmp_path / "rows")
    assert "data: row bad: turns 1 and 2 are both of the user" in text
    assert "1 of 10 rows cannot be learned from" in text
    assert "max_faulty: 0.1" in text
    found = looked("sft", recipe_file(rows, {"max_faulty": 0.1, "held_out": 0}), tmp_path / "rows")
    assert (found.checked.rows, found.checked.left_out) == (9, 1)
    assert "1 faulty rows are left out, the first: row bad" in found.checked.remarks()[0]


def test_what_max_length_cuts_is_told(recipe_file: Write, tmp_path: Path) -> None:
    long = {"messages": [said("user", "What is it?"), said("assistant", "It is. " * 40)]}
    rows = [*(talk(n) for n in range(9)), long]
    found = looked("sft", recipe_file(rows, {"held_out": 0}, max_length=64), tmp_path / "rows").checked
    assert found.cut == 1
    assert found.cut_tokens == found.longest - 64
    assert "1 of 10 rows (10.0%) are longer than max_length 64" in found.remarks()[0]
    text = refused("sft", recipe_file(rows, {"held_out": 0}, max_length=4), tmp_path / "rows")
    assert "max_length: all 10 rows are longer than 4" in text


def test_a_template_without_marks(recipe_file: Write, tmp_path: Path) -> None:
    template = tmp_path / "plain.jinja"
    template.write_text(TEMPLATE)
    rows = [talk(n) for n in range(8)]
    path = recipe_file(rows, assistant_only_loss=True, chat_template_path=str(template))
    assert "does not mark what the assistant says" in refused("sft", path, tmp_path / "rows")
    path = recipe_file(rows, chat_template_path=str(template))
    assert looked("sft", path, tmp_path / "rows").checked.rows == 8


def test_a_template_that_breaks_on_a_row(recipe_file: Write, tmp_path: Path) -> None:
    template = tmp_path / "strict.jinja"
    template.write_text("{% if messages|length > 2 %}{{ raise_exception('one question only') }}{% endif %}" + TEMPLATE)
    more = {"id": "long", "messages": talk(1)["messages"] * 2}
    path = recipe_file([talk(n) for n in range(8)] + [more], chat_template_path=str(template))
    text = refused("sft", path, tmp_path / "rows")
    assert "row long: the chat template cannot write it: one question only" in text


def test_rows_of_another_trainer(recipe_file: Write, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the rows are conversations"):
        read("dpo", recipe_file([talk(1)]))
    with pytest.raises(UserError, match="the rows are pairs"):
        read("sft", recipe_file([pair(1)]))


def test_a_prompt_may_be_in_both_answers(recipe_file: Write, tmp_path: Path) -> None:
    rows = [{name: [*pair(n)["prompt"], *pair(n)[name]] for name in ("chosen", "rejected")} for n in range(6)]
    found = looked("dpo", recipe_file(rows, {"held_out": 0}), tmp_path / "rows")
    assert found.checked.rows == 6
    assert found.rows.train[0]["prompt"] == pair(0)["prompt"]


def test_a_pair_that_says_the_same_twice(recipe_file: Write, tmp_path: Path) -> None:
    same = {**pair(3), "rejected": pair(3)["chosen"], "id": "same"}
    text = refused("dpo", recipe_file([*(pair(n) for n in range(9)), same]), tmp_path / "rows")
    assert "same" in text
    assert "1 of 10 rows cannot be learned from" in text


def test_tools_reach_the_template(recipe_file: Write, tmp_path: Path) -> None:
    template = tmp_path / "tools.jinja"
    template.write_text("{% if not tools %}{{ raise_exception('no tools') }}{% endif %}" + WITH_CALLS)
    tool = {"type": "function", "function": {"name": "look", "parameters": {}}}
    asks = [{"type": "function", "function": {"name": "look", "arguments": {}}}]
    call = {"role": "assistant", "content": "", "tool_calls": asks}
    row = {"messages": [said("user", "x"), call, said("tool", "7"), said("assistant", "It is 7.")], "tools": [tool]}
    path = recipe_file([row] * 4, {"held_out": 0}, chat_template_path=str(template))
    assert looked("sft", path, tmp_path / "rows").checked.rows == 4


def test_control_tokens_in_rows_are_made_harmless(recipe_file: Write, tmp_path: Path) -> None:
    row = {"messages": [said("user", "x<|im_end|>y"), said("assistant", "z")]}
    rows = load(read("sft", recipe_file([row] * 4, {"held_out": 0})), tmp_path / "rows", lambda line: None)
    assert rows.mended == 4
    assert "<|im_end|>" not in rows.train[0]["messages"][0]["content"]


def test_a_question_is_never_on_both_sides(recipe_file: Write, tmp_path: Path) -> None:
    rows = [{**talk(n % 10), "id": f"t{n}"} for n in range(60)]
    path = recipe_file(rows, {"held_out": 0.2})
    found = load(read("sft", path), tmp_path / "a", lambda line: None)
    asked = [{row["messages"][0]["content"] for row in side} for side in (found.train, found.test)]
    assert not asked[0] & asked[1]
    assert len(found.test) == 12
    again = load(read("sft", recipe_file(rows[::-1], {"held_out": 0.2})), tmp_path / "b", lambda line: None)
    assert {row["messages"][0]["content"] for row in again.test} == asked[1]


def test_rows_by_keys_of_trl(recipe_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    recipe_file([{"messages": talk(n)["messages"]} for n in range(10)])
    one = {"path": "json", "data_files": str(tmp_path / "rows.jsonl"), "columns": ["messages"]}
    path = recipe_file(datasets=[one, {**one, "split": "train[:50%]"}])
    found = looked("sft", path, tmp_path / "rows")
    assert found.checked.rows == 15
    assert found.rows.origin == "json"
    with pytest.raises(UserError, match="dataset_name: "):
        looked("sft", recipe_file(dataset_name=str(tmp_path / "nowhere")), tmp_path / "rows")


def test_held_out_is_a_share_or_a_number() -> None:
    assert TrainingData(hub="a/b", held_out=12).held_out == 12
    with pytest.raises(ValueError, match="whole number"):
        TrainingData(hub="a/b", held_out=1.5)


def test_a_share_above_1_is_told_where_it_was_said(recipe_file: Write) -> None:
    for data in ({}, {"held_out": 2}):  # what the file says does not stand any more
        with pytest.raises(UserError) as error:
            read("sft", recipe_file([talk(1)], data), {"data.held_out": "1.5"})
        told = str(error.value)
        assert told == "--set data.held_out=1.5  data.held_out: must be a share below 1 or a whole number of rows"


def test_rows_of_one_question_cannot_be_held_out_in_part(recipe_file: Write, tmp_path: Path) -> None:
    said = refused("sft", recipe_file([talk(1)] * 9, {"held_out": 0.2}), tmp_path / "rows")
    assert "all 9 rows are held out, and none is left: all have the same first question" in said
    assert "held_out: 0, or a `test_split` of rows with other questions" in said
    said = refused("sft", recipe_file([talk(n) for n in range(9)], {"held_out": 9}), tmp_path / "rows")
    assert "a smaller held_out" in said


@pytest.mark.parametrize("text", [b"a\nb\n{\n", bytes(range(128, 250)) + b"\n" + b"\xff\x00"])
def test_files_without_a_row(recipe_file: Write, tmp_path: Path, text: bytes) -> None:
    path = recipe_file([talk(1)])
    (tmp_path / "rows.jsonl").write_bytes(text)
    told = refused("sft", path, tmp_path / "rows")
    many = len(text.splitlines())
    assert f"recipe.yaml:5  data: {tmp_path}/rows.jsonl: none of its {many} rows can be trained on, the first: " in told
    assert "rows.jsonl:1: the line is not JSON" in told


def test_a_template_that_writes_nothing_is_told_once(recipe_file: Write, tmp_path: Path) -> None:
    (tmp_path / "bad.jinja").write_text("{% for message in messages %}{{ message['content'] }}")
    path = recipe_file([talk(n) for n in range(9)], chat_template_path=str(tmp_path / "bad.jinja"))
    told = refused("sft", path, tmp_path / "rows")
    assert len(told.splitlines()) == 1
    assert "recipe.yaml:7  chat_template_path: the chat template can write none of the 9 rows: Unexpected end" in told


def test_a_max_length_beyond_the_positions_of_the_model(recipe_file: Write, tmp_path: Path) -> None:
    path = recipe_file([talk(n) for n in range(9)], {"held_out": 0}, max_length=100_000)
    (told,) = looked("sft", path, tmp_path / "rows").checked.remarks()
    assert told.startswith("max_length 100,000 is more than the ")
    assert told.endswith("positions that the model was made for")


def test_files_that_are_damaged_or_empty_are_named(recipe_file: Write, tmp_path: Path) -> None:
    bad, empty = tmp_path / "bad.parquet", tmp_path / "empty.jsonl"
    bad.write_bytes(b"PAR1 and no more")
    empty.touch()
    told = refused("sft", recipe_file([talk(1)], {"files": str(bad)}), tmp_path / "rows")
    assert f"data: {bad} is no whole Parquet file" in told
    with pytest.raises(UserError, match=f"data: {empty} holds no rows"):
        read("sft", recipe_file([talk(1)], {"files": str(empty)}))


def test_where_that_leaves_nothing_says_what_there_is(recipe_file: Write, tmp_path: Path) -> None:
    rows = [{**talk(n), "source": "abcdefg"[n % 7]} for n in range(14)]
    told = refused("sft", recipe_file(rows, {"where": {"source": "nonesuch"}}), tmp_path / "rows")
    assert "holds no row of `train` that `where` asks for (source: `nonesuch`)" in told
    assert "there is source: `a`, `b`, `c`, `d`, `e` ..." in told
