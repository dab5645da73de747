"""What transformers computes in float32 (tests/golden/nano_parity.json), numpy must compute too."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smoltalk.llama.batching import Job
from smoltalk.llama.cache import Cache
from smoltalk.llama.forward import Chunk, Llama
from smoltalk.llama.vocabulary import Vocabulary

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[1] / "golden" / "nano_parity.json").read_text("utf-8"))
STEPS = 32


@pytest.mark.parametrize("case", GOLDEN["continuations"], ids=lambda case: case["prompt"][-40:])
def test_prompts_become_the_same_tokens(case: dict[str, Any], vocabulary: Vocabulary) -> None:
    assert vocabulary.encode(case["prompt"]) == case["prompt_ids"]


@pytest.mark.parametrize("precision", ["fast", "exact"])
def test_first_logits_agree(precision: str, request: pytest.FixtureRequest) -> None:
    model: Llama = request.getfixturevalue(precision)
    for case in GOLDEN["continuations"]:
        ids = np.array(case["prompt_ids"])
        positions = np.arange(len(ids))
        cache = Cache(model.shape, model.dtype, 1)
        hidden = model.hidden(cache, ids, positions, 0 * positions, chunks=[Chunk(0, 0, 0, len(ids))])
        logits = model.logits(hidden[-1:])[0]
        for top in case["first_step_top5"]:
            assert logits[top["id"]] == pytest.approx(top["logit"], abs=1e-3)


def test_greedy_continuations_agree(run: Any) -> None:
    jobs = [Job(np.array(case["prompt_ids"]), max_tokens=STEPS) for case in GOLDEN["continuations"]]
    run(jobs, slots=len(jobs))
    assert [job.ids for job in jobs] == [case["greedy_ids"] for case in GOLDEN["continuations"]]
