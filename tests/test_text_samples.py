"""The samples of rewrite, summarize, everyday, personas and systemchat: enough, all different, and no benchmark's."""

import json
from typing import Any

import pytest
import yaml

from smoltalk.catalog import data_folder
from smoltalk.gates.decontaminate import Decontaminate
from smoltalk.gates.near_duplicate import NearDuplicate
from smoltalk.steps.code_functions import CodeFunctions
from smoltalk.text import words

SAMPLES = data_folder("pipelines") / "samples"
LINES = {"drafts": "text", "long_texts": "text", "personas": "persona"}
TREES = {"everyday_topics": 60, "assistants": 20}


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def leaves(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [leaf for below in node.values() for leaf in leaves(below)]
    return [leaf for one in node for leaf in leaves(one)] if isinstance(node, list) else [node]


def tree(name: str) -> list[str]:
    return leaves(yaml.safe_load((SAMPLES / f"{name}.yaml").read_text(encoding="utf-8")))


def test_the_samples_have_a_licence() -> None:
    assert "Apache 2.0" in (SAMPLES / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LINES)
def test_there_are_enough_and_no_two_are_alike(name: str) -> None:
    texts = [row[LINES[name]] for row in lines(name)]
    assert 20 <= len(texts) <= 60
    judge = NearDuplicate(on="text", threshold=0.4).open()
    assert [text for text in texts if not judge.judge({"id": text[:20], "text": text}).keep] == []


@pytest.mark.parametrize("name", TREES)
def test_the_trees_have_leaves_and_none_twice(name: str) -> None:
    found = tree(name)
    assert TREES[name] <= len(found) == len(set(found))


def test_no_sample_holds_a_benchmark_item() -> None:
    benchmarks = (
        "ifeval",
        "gsm8k",
        "svamp",
        "mmlu",
        "humaneval",
        "mbpp",
        "mt_bench",
        "arena_hard",
        "truthfulqa",
        "bbh",
    )
    judge = Decontaminate(against=benchmarks, of="text").open()
    texts = [row[column] for name, column in LINES.items() for row in lines(name)]
    scripts = [path.read_text(encoding="utf-8") for path in sorted((SAMPLES / "scripted").glob("*.yaml"))]
    found = [judge.judge({"id": "s", "text": text}) for text in [*texts, *map("\n".join, map(tree, TREES)), *scripts]]
    assert [verdict.evidence for verdict in found if not verdict.keep] == []


def test_drafts_and_long_texts_are_of_every_kind() -> None:
    assert {row["kind"] for row in lines("drafts")} == {"email", "post", "message"}
    kinds = [row["kind"] for row in lines("long_texts")]
    assert kinds.count("email") >= 10 and kinds.count("article") >= 8
    articles = [row["text"] for row in lines("long_texts") if row["kind"] == "article"]
    assert all(150 <= len(words(text)) <= 300 for text in articles)


def test_a_function_is_planted_that_is_not_finished() -> None:
    """`binomial` says what is to do, for `code_functions` to turn away; the file is part of its fingerprint."""
    found = CodeFunctions(path=str(SAMPLES / "code"))
    assert "binomial" not in {row["name"] for row in found.rows() if isinstance(row, dict)}
    assert found.left_out()["with a banned word"] == 1
