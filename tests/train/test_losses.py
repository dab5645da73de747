"""The loss of finished conversations is transformers' own, on the tokens that a template's generation marks name."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from smoltalk.errors import WorldError
from smoltalk.nano.dialogues import items, turns

torch: Any = pytest.importorskip("torch", reason="pip install torch transformers")
pytest.importorskip("transformers", reason="pip install torch transformers")

from smoltalk.engines.nano import Nano  # noqa: E402
from smoltalk.train.losses import CausalModel  # noqa: E402
from smoltalk.train.spelling import Talk  # noqa: E402

SHIPPED = str(Nano.shipped)


@pytest.fixture(scope="module")
def nano() -> CausalModel:
    return CausalModel.load(SHIPPED, "cpu")


@pytest.fixture(scope="module")
def talks() -> list[Any]:
    rng = Random(11)
    return [Talk(turns(items(rng))) for _ in range(12)]


def test_what_counts_is_what_the_template_marks(nano: CausalModel, talks: list[Any]) -> None:
    for talk, weighed in zip(talks, nano.weigh(talks), strict=True):
        marked = nano.tokenizer.apply_chat_template(
            talk.turns, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )
        assert weighed.tokens == sum(marked["assistant_masks"])


def test_the_loss_is_that_of_transformers(nano: CausalModel, talks: list[Any]) -> None:
    found = nano.weigh(talks, "all")
    for talk, weighed in zip(talks, found, strict=True):
        ids = nano.tokenizer.apply_chat_template(talk.turns, tokenize=True, return_dict=True, return_tensors="pt")[
            "input_ids"
        ]
        with torch.no_grad():
            theirs = nano.model(input_ids=ids, labels=ids).loss.item()
        assert weighed.tokens == ids.shape[1] - 1 and weighed.nats / weighed.tokens == pytest.approx(theirs, rel=1e-4)


def test_batches_change_nothing(nano: CausalModel, talks: list[Any]) -> None:
    alone = [nano.weigh([talk])[0] for talk in talks]
    together = nano.weigh(talks)
    assert [one.tokens for one in alone] == [one.tokens for one in together]
    assert [one.nats for one in alone] == pytest.approx([one.nats for one in together], rel=1e-3, abs=1e-3)


def test_what_is_behind_the_prompt_alone(nano: CausalModel) -> None:
    talk: Any = [
        {"role": "user", "content": "What is 2 + 2?"}, {"role": "assistant", "content": "2 + 2 = 4"},
        {"role": "user", "content": "What is a desert?"}, {"role": "assistant", "content": "4"},
    ]  # fmt: skip
    both, last = nano.weigh([Talk(talk)])[0], nano.weigh([Talk(talk, asked=3)], "answer")[0]
    assert 0 < last.tokens < both.tokens and last.nats < both.nats


def test_a_conversation_that_does_not_fit_is_left_out(talks: list[Any]) -> None:
    small = CausalModel.load(SHIPPED, "cpu", longest=8)
    assert small.weigh(talks[:2]) == [(0, 0, 0, "longer than 8 tokens")] * 2


def test_a_right_answer_is_likelier_than_nonsense(nano: CausalModel) -> None:
    asked = {"role": "user", "content": "What is the capital of France?"}
    good, bad = (
        nano.weigh([Talk([asked, {"role": "assistant", "content": said}])])[0]
        for said in ("The capital of France is Paris.", "Six bananas run to school.")
    )
    assert good.nats / good.tokens < 0.5 < bad.nats / bad.tokens


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="cannot be loaded as a model that writes"):
        CausalModel.load(str(tmp_path), "cpu")
