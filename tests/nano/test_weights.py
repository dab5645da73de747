"""The shipped weights: small enough, complete, and with a chat template that marks what is learned."""

import json
from pathlib import Path

import pytest

import smoltalk.nano

NANO = Path(smoltalk.nano.__file__).parent
FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def test_all_weights_are_within_25_megabytes() -> None:
    sizes = [path.stat().st_size for part in ("model", "reward") for path in (NANO / part).rglob("*")]
    assert 0 < sum(sizes) <= 25_000_000


@pytest.mark.parametrize("part", ["model", "reward"])
def test_a_folder_is_complete(part: str) -> None:
    assert [name for name in FILES if not (NANO / part / name).is_file()] == []


def test_model_and_reward_share_their_tokenizer() -> None:
    texts = [(NANO / part / "tokenizer.json").read_bytes() for part in ("model", "reward")]
    assert texts[0] == texts[1]


def test_the_reward_model_has_one_output() -> None:
    config = json.loads((NANO / "reward" / "config.json").read_text())
    assert config["architectures"] == ["LlamaForSequenceClassification"]
    assert len(config["id2label"]) == 1


def test_the_end_mark_is_inside_the_generation_block() -> None:
    template = (NANO / "model" / "chat_template.jinja").read_text()
    inside = template.split("{%- generation %}")[1].split("{%- endgeneration %}")[0]
    assert "<|im_end|>" in inside


def test_the_card_shows_the_measured_figures() -> None:
    measured = json.loads((NANO / "measured.json").read_text())
    card = (NANO / "README.md").read_text()
    assert f"**{measured['figures']['questions']['right']}**" in card
    assert f"**{measured['figures']['reward']['right_order']}**" in card
