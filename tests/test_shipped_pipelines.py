"""The shipped pipelines fit the model that ships: its system prompts, and questions its curriculum can judge."""

import json
from pathlib import Path

import yaml

from smoltalk.nano.curriculum import DOMAIN_PROMPTS, verify

PIPELINES = Path(__file__).parents[1] / "pipelines"


def test_the_quickstart_steers_nano_with_the_prompts_it_was_trained_on() -> None:
    magpie = yaml.safe_load((PIPELINES / "quickstart.yaml").read_text(encoding="utf-8"))["steps"][0]["magpie"]
    systems = {name: category["system"] for name, category in magpie["categories"].items()}
    assert systems == {name: DOMAIN_PROMPTS[name] for name in systems}


def test_sample_prompts_can_be_judged() -> None:
    lines = (PIPELINES / "samples" / "prompts.jsonl").read_text(encoding="utf-8").splitlines()
    prompts = [json.loads(line)["instruction"] for line in lines]
    assert len(set(prompts)) == len(prompts) == 40
    assert [prompt for prompt in prompts if verify(prompt, "")[0] is None] == []


def test_the_questions_given_to_distilabel_can_be_judged() -> None:
    steps = yaml.safe_load((PIPELINES / "distilabel_steps.yaml").read_text(encoding="utf-8"))["steps"]
    data = steps[0]["distilabel.steps.LoadDataFromDicts"]["data"]
    assert [row["instruction"] for row in data if verify(row["instruction"], "")[0] is None] == []
    assert all(len(row["nn_indices"]) == len(row["nn_scores"]) for row in data)
