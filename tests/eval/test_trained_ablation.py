"""An ablation with real trainings, small: a source that teaches what is asked is told from one that teaches noise."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from smoltalk.errors import UserError
from smoltalk.eval.ablation import Plan, ablate
from smoltalk.eval.naming import tasks
from smoltalk.eval.proxy import looked_at_by, trained_by
from smoltalk.eval.variants import variants

pytest.importorskip("trl", reason="pip install 'smoltalk-factory[train]'")
transformers: Any = pytest.importorskip("transformers")

MIXTURE = """\
name: planted
mix:
  sources:
    useful: {files: useful.jsonl, licence: mit}
    noise: {files: noise.jsonl, licence: mit}
"""
RECIPE = """\
model_name_or_path: tiny
dtype: float32
attn_implementation: eager
data: {files: useful.jsonl}
assistant_only_loss: true
max_length: 96
learning_rate: 1.0e-2
max_steps: 40
per_device_train_batch_size: 16
gradient_checkpointing: false
save_strategy: "no"
use_cpu: true
bf16: false
"""


def rows(pairs: list[tuple[str, str]]) -> str:
    said = [[{"role": "user", "content": q}, {"role": "assistant", "content": a}] for q, a in pairs]
    return "".join(json.dumps({"messages": turns}) + "\n" for turns in said)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Answers of the curriculum, the same words at random, and a tiny model with random weights."""
    import torch

    from smoltalk.engines.nano import Nano
    from smoltalk.nano.curriculum import draw

    monkeypatch.chdir(tmp_path)
    rng, drawn = Random(7), dict[str, str]()
    while len(drawn) < 700:
        item = draw(rng, rng.choice(["geography", "science", "language"]))
        drawn.setdefault(item.query, item.answer)
    pairs = list(drawn.items())
    words = " ".join(drawn.values()).split()
    noise = [(question, " ".join(rng.choices(words, k=len(answer.split())))) for question, answer in pairs[300:600]]
    for name, some in (("useful", pairs[:300]), ("noise", noise), ("asked", pairs[600:])):
        Path(f"{name}.jsonl").write_text(rows(some), encoding="utf-8")
    Path("mix.yaml").write_text(MIXTURE)
    Path("proxy.yaml").write_text(RECIPE)
    tokenizer = transformers.AutoTokenizer.from_pretrained(Nano.shipped)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=True, bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained("tiny")
    tokenizer.save_pretrained("tiny")
    return tmp_path


@pytest.mark.filterwarnings("ignore")
def test_what_teaches_is_told_from_noise(here: Path) -> None:
    plan = Plan(
        variants(here / "mix.yaml", {}),
        lambda whole: tasks(["loss: {data: asked.jsonl, device: cpu}"]),
        trained_by("sft", here / "proxy.yaml", {}, "smoltalk ablate mix.yaml"),
        [0],
        here / "out",
        here,
    )
    lines: list[str] = []
    found = ablate(plan, lines.append)
    bought = {one.left_out: one for one in found.bought if one.metric == "loss"}
    assert found.steps == 40 and found.rows == {"whole": 600, "without-useful": 300, "without-noise": 300}
    assert bought["useful"].bought.low > 0 > bought["noise"].bought.high
    assert bought["useful"].adjusted < 0.05 and bought["noise"].adjusted < 0.05
    before = len(lines)
    again = ablate(plan, lines.append)
    assert again.bought == found.bought, "what is finished is not done again"
    assert not any("step" in line for line in lines[before:])


def test_a_variant_that_cannot_be_trained_costs_no_training(here: Path) -> None:
    long = [("What is it?", "It is. " * 60)] * 1
    Path("noise.jsonl").write_text(rows([(f"{n}: {q}", a) for n in range(20) for q, a in long]), encoding="utf-8")

    def trainer(*_: Any) -> int:
        raise AssertionError("a model was trained")

    plan = Plan(
        variants(here / "mix.yaml", {}), lambda whole: tasks(["loss: {data: asked.jsonl, device: cpu}"]), trainer, [0],
        here / "out", here, looked_at_by("sft", here / "proxy.yaml", {}),
    )  # fmt: skip
    with pytest.raises(UserError) as error:
        ablate(plan, lambda line: None)
    told = str(error.value)
    assert "without-useful: max_length: all 20 rows are longer than 96 tokens" in told
    assert f"what is finished in {here / 'out'} is kept" in told
