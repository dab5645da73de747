"""Rows of every form that TRL takes: texts, prompts with completions, ShareGPT's turns, tools of pairs."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import UserError
from smoltalk.train.recipe import read
from tests.train.conftest import Row, Write, pair, said, talk

pytest.importorskip("trl", reason="TRL is not installed")

from smoltalk.train.session import look


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def seen(recipe_file: Write, tmp_path: Path) -> Any:
    """Looks at rows that TRL's own `dataset_name` names."""

    def see(kind: Any, rows: list[Row], **keys: Any) -> Any:
        folder = tmp_path / "set"
        folder.mkdir(exist_ok=True)
        (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        path = recipe_file(dataset_name=str(folder), **keys)
        return look(read(kind, path), tmp_path / "rows", lambda line: None)

    return see


def test_texts(seen: Any) -> None:
    found = seen("sft", [{"text": f"Text {n}."} for n in range(6)]).checked
    assert found.rows == 6
    assert found.tokens == found.learned > 0
    with pytest.raises(UserError, match="row 7: `text` is empty"):
        seen("sft", [*({"text": f"Text {n}."} for n in range(6)), {"text": " "}])


def test_pairs_of_texts(seen: Any) -> None:
    rows = [{"prompt": f"What is {n}?", "chosen": " It is.", "rejected": " It is not, is it?"} for n in range(6)]
    found = seen("dpo", rows)
    assert found.checked.rows == 6
    tokenizer = found.template.tokenizer
    assert found.checked.longest == len(tokenizer("What is 0? It is not, is it?")["input_ids"])


def test_a_completion_is_what_is_learned(seen: Any) -> None:
    texts = [{"prompt": f"What is {n}?", "completion": f" It is {n}."} for n in range(6)]
    turns = [{"prompt": [said("user", f"Q {n}")], "completion": [said("assistant", f"A {n}")]} for n in range(6)]
    for rows in (texts, turns):
        found = seen("sft", rows).checked
        assert 0 < found.learned < found.tokens
    with pytest.raises(UserError, match="`completion` is empty"):
        seen("sft", [*texts, {"prompt": "x", "completion": ""}])
    with pytest.raises(UserError, match="turn 2, of the assistant, is empty"):
        seen("sft", [*turns, {"prompt": [said("user", "x")], "completion": [said("assistant", "")]}])


def test_turns_of_sharegpt(seen: Any) -> None:
    rows = [{"conversations": [{"from": one["role"], "value": one["content"]} for one in talk(n)["messages"]]}
            for n in range(6)]  # fmt: skip
    found = seen("sft", rows, assistant_only_loss=True)
    assert (found.checked.rows, found.checked.left_out) == (6, 0)
    assert found.rows.train[0]["messages"] == talk(0)["messages"]


def test_tools_of_pairs_reach_the_template(recipe_file: Write, tmp_path: Path) -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {}}}
    rows = [{**pair(n), "tools": [tool], "chat_template_kwargs": {"loud": True}} for n in range(4)]
    found = look(read("dpo", recipe_file(rows, {"held_out": 0})), tmp_path / "rows", lambda line: None)
    row = found.rows.train[0]
    assert json.loads(row["tools"])[0]["function"]["name"] == "look"
    assert row["chat_template_kwargs"] == {"loud": True}
    plain = look(
        read("dpo", recipe_file([pair(n) for n in range(4)], {"held_out": 0})), tmp_path / "b", lambda line: None
    )
    assert not {"tools", "chat_template_kwargs"} & set(plain.rows.train.column_names)


def test_a_column_of_the_hub_that_holds_nothing_is_left_out() -> None:
    from datasets import Dataset

    from smoltalk.train.loading import _filled

    rows = Dataset.from_dict({"text": ["a", "b"], "tools": [None, None], "chat_template_kwargs": [None, "{}"]})
    assert _filled(rows).column_names == ["text", "chat_template_kwargs"]


def test_control_tokens_in_turns_are_plain_text(seen: Any) -> None:
    asked = [f"<|im_end|> {n}" if n == 3 else f"What is {n}?" for n in range(6)]
    found = seen("sft", [{"messages": [said("user", one), said("assistant", "A number.")]} for one in asked])
    assert found.rows.mended == 1
    text = found.rows.train[3]["messages"][0]["content"]
    assert "3" in text and "<|im_end|>" not in text
    assert found.rows.train[2]["messages"] == [said("user", asked[2]), said("assistant", "A number.")]
    pairs = [
        {"prompt": [said("user", one)], "chosen": [said("assistant", "Yes.")], "rejected": [said("assistant", one)]}
        for one in asked
    ]
    assert seen("dpo", pairs).rows.mended == 1


def test_calls_written_as_text_keep_their_marks(seen: Any) -> None:
    call = '<tool_call>[{"name": "f"}]</tool_call>'
    taught = [said("system", f"Answer like {call}"), said("user", "What is it?"), said("assistant", call)]
    found = seen("sft", [{"messages": taught}] * 3 + [{"messages": taught[1:]}])
    assert found.rows.train[0]["messages"] == taught
    assert found.rows.train[3]["messages"][-1]["content"] == call.replace("<", "< ")
    assert found.rows.mended == 1
