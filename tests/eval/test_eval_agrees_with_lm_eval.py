"""Figures beside lm-eval's own: IFEval's four, item by item, and GSM8K's `strict-match`, on the same replies.

Runs where lm-eval is installed (`pip install 'lm-eval[ifeval]'`), which the project does not need.
"""

import json
import random
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.constraints import IFEVAL, Constraint, constraints
from smoltalk.eval.asking import Said
from smoltalk.eval.naming import tasks
from tests.constraints.keeping import built, paragraph
from tests.constraints.reference import reference as reference

pytest.importorskip("lm_eval", reason="pip install 'lm-eval[ifeval]'")
pytestmark = pytest.mark.filterwarnings("ignore")

TASK = "Describe a barn that nobody uses."
BY_LIBRARY = {
    "language:response_language", "change_case:english_capital", "change_case:english_lowercase",
    "length_constraints:number_sentences", "change_case:capital_word_frequency",
}  # fmt: skip
"""What other libraries tell there: where they differ is told in `tests/constraints`."""
IDS = sorted(IFEVAL - BY_LIBRARY)
OPENINGS = ("", "", "Sure, here it is:\n", "**Sure!**\n\n")
CLOSINGS = ("", "", "\nI hope that helps!", "\n\n*P.S. The end.*")


def prompt(rng: random.Random, ids: list[str]) -> tuple[dict[str, Any], list[Constraint]]:
    """A prompt in IFEval's form: every keyword of any instruction is there, and null where it is not its own."""
    asked = [constraints()[id].draw(rng, TASK) for id in ids]
    names = sorted({name for one in asked for name in one.kwargs()})
    kwargs = [{name: one.kwargs().get(name) for name in names} for one in asked]
    return {"key": 7, "prompt": TASK, "instruction_id_list": ids, "kwargs": kwargs}, asked


def reply(rng: random.Random, asked: list[Constraint]) -> str:
    """Texts built to keep or to break each of them, said as a chat model says it."""
    parts = [paragraph(rng), *(rng.choice(built(one, rng)) for one in asked)]
    text = rng.choice(("\n\n", "\n", " ")).join(rng.sample(parts, rng.randint(0, len(parts))))
    text = f"*{text}*" if rng.random() < 0.2 else text
    return rng.choice(OPENINGS) + text + rng.choice(CLOSINGS)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 3))
@settings(max_examples=500, deadline=None)
def test_ifeval_marks_are_theirs(
    reference: Any, tmp_path_factory: pytest.TempPathFactory, seed: int, count: int
) -> None:
    scorer: Any = import_module("lm_eval.tasks.ifeval.utils")
    rng = random.Random(seed)
    row, asked = prompt(rng, rng.sample(IDS, count))
    data = tmp_path_factory.getbasetemp() / "prompt.jsonl"
    data.write_text(json.dumps(row) + "\n", encoding="utf-8")
    task: Any = tasks([f"ifeval: {{data: {data}}}"])["ifeval"]
    (item,) = task.items()
    for _ in range(4):
        text = reply(rng, asked)
        theirs = scorer.process_results(row, [text])
        ours = task.judge(item, [Said(text, "stop")]).points
        for how in ("strict", "loose"):
            assert ours[f"prompt {how}"] == (float(theirs[f"prompt_level_{how}_acc"]), 1.0), (how, row, text)
            kept = theirs[f"inst_level_{how}_acc"]
            assert ours[f"instruction {how}"] == (float(sum(kept)), len(kept)), (how, row, text)


@pytest.mark.parametrize("says", ["#### {}", "So it is {}.\n#### {}", "Then 5 + 7 = 12.\nThe answer is 9.\n#### {}"])
@given(right=st.integers(-(10**7), 10**7), off=st.sampled_from((0, 0, 1, 10)), form=st.sampled_from(("{}", "{:,}")))
@settings(max_examples=100, deadline=None)
def test_a_marked_number_is_right_where_lm_eval_says_so(
    tmp_path_factory: pytest.TempPathFactory, says: str, right: int, off: int, form: str
) -> None:
    data = Path(tmp_path_factory.getbasetemp() / "sum.jsonl")
    data.write_text(json.dumps({"question": "?", "answer": f"So.\n#### {right:,}"}) + "\n", encoding="utf-8")
    task: Any = tasks([f"exact: {{data: {data}}}"])["exact"]
    (item,) = task.items()
    text = says.replace("{}", form.format(right + off))
    ours = task.judge(item, [Said(text, "stop")]).points["right"][0]
    assert bool(ours) is strict_match(text, f"So.\n#### {right:,}")


def strict_match(text: str, target: str) -> bool:
    """As `lm_eval/tasks/gsm8k/gsm8k.yaml` has it, through lm-eval's own filter and metric."""
    metrics: Any = import_module("lm_eval.api.metrics")
    extraction: Any = import_module("lm_eval.filters.extraction")
    ((found,),) = extraction.RegexFilter(regex_pattern=r"#### (\-?[0-9\.\,]+)").apply([[text]], [{}])
    ignored = [",", r"\$", r"(?s).*#### ", r"\.$"]
    score = metrics.exact_match_hf_evaluate([found], [target], regexes_to_ignore=ignored, ignore_case=True)
    return bool(score["exact_match"])
