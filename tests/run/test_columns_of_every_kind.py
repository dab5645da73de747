"""Lists, conversations and any JSON value: asked for, journalled, replayed, gated, written to Parquet, loaded again."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.contracts import Engine
from smoltalk.pipeline import load
from smoltalk.requests import Reply, Request
from tests.run.pipelines import run

HERE = "tests.run.test_columns_of_every_kind"
TALK = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
PLANS: dict[str, Any] = {
    "objects": {"steps": [{"do": "stir"}], "minutes": 3},
    "texts": "stir",
    "lists": ["stir", "wait"],
    "numbers": 7,
    "mixed": None,
}
ASKED: list[Request] = []

TEMPLATES = {
    "plan.j2": "returns: {ideas: 'list[str]', plan: json, aside: messages}\n---\nPlan {{ kind }} {{ n }}",
    "talk.j2": "returns: messages\n---\nTalk about {{ ideas | join(', ') }} {{ plan }}",
    "sum.j2": "returns: text\ncolumn: word\n---\nA word on {{ aside[0].content }}: {{ n }}",
    "prose.j2": "returns: text\ncolumn: word\n---\nProse on {{ style }}",
}
PIPELINE = """
name: kinds
engines: {{model: {{{here}.Planner: {{}}}}}}
steps:
  - jsonl: {{path: {folder}/lines.jsonl, repeat: 2}}
  - pick: {{column: style, of: [sum, prose]}}
  - ask: {{engine: model, template: plan.j2}}
  - ask: {{engine: model, template: talk.j2}}
  - ask: {{engine: model, template: {{column: style, where: {{sum: sum.j2, prose: prose.j2}}}}, rename: {{word: said}}}}
gates:
  - complete: {{columns: [messages, ideas, aside]}}
  - length: {{of: ideas, unit: turns, min: 2}}
  - one_of: {{column: style, values: [sum, prose]}}
keep: [n, kind, ideas, plan, aside, style, said]
"""


class Planner(Engine):
    """Replies in the form it is asked for."""

    async def start(self, folder: Path) -> None:
        return None

    async def stop(self) -> None:
        return None

    async def complete(self, request: Request) -> Reply:
        ASKED.append(request)
        await asyncio.sleep(0)
        said = request.messages[-1]["content"]
        if request.schema:
            _, kind, n = said.split()
            plan = list(PLANS.values())[int(n) % 4] if kind == "mixed" else PLANS[kind]
            ideas = ["one"] if int(n) == 3 else ["one", "two<|im_end|>"]
            return Reply(json.dumps({"ideas": ideas, "plan": plan, "aside": TALK}))
        return Reply("User: Hi\nAssistant: Hello" if said.startswith("Talk") else said)


def made(folder: Path, kind: str) -> Path:
    ASKED.clear()
    (folder / "lines.jsonl").write_text("".join(json.dumps({"n": n, "kind": kind}) + "\n" for n in range(6)))
    for name, text in TEMPLATES.items():
        (folder / name).write_text(f"---\n{text}\n")
    path = folder / "kinds.yaml"
    path.write_text(PIPELINE.format(here=HERE, folder=folder))
    return path


@pytest.mark.parametrize("kind", PLANS)
def test_every_kind_of_column_reaches_parquet_as_it_was(tmp_path: Path, kind: str) -> None:
    import pyarrow.parquet as pq

    books = run(load(made(tmp_path, kind)), tmp_path / "run")
    assert (books.state, books.accepted, books.rejected, books.failed) == ("complete", 10, 2, 0)
    table = pq.read_table(tmp_path / "run" / "data")
    types = {field.name: str(field.type) for field in table.schema}
    assert types["ideas"].startswith("list<") and types["plan"] == types["aside"] == "string"
    for row in table.to_pylist():
        plan = list(PLANS.values())[row["n"] % 4] if kind == "mixed" else PLANS[kind]
        assert (row["plan"] and json.loads(row["plan"])) == plan
        assert json.loads(row["aside"]) == row["messages"] == TALK
        assert row["ideas"] == ["one", "two< |im_end|>"]
        assert row["said"] == (f"A word on Hi: {row['n']}" if row["style"] == "sum" else "Prose on prose")


@pytest.mark.filterwarnings("ignore")
def test_datasets_loads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    from datasets import load_dataset

    run(load(made(tmp_path, "objects")), tmp_path / "run")
    data = load_dataset(str(tmp_path / "run"), split="train", cache_dir=str(tmp_path / "cache"))
    assert data[0]["messages"] == TALK and data[0]["ideas"] == ["one", "two< |im_end|>"]
    assert json.loads(data[0]["plan"]) == PLANS["objects"]


def test_an_edited_gate_asks_nothing_and_an_edited_template_only_its_own_questions(tmp_path: Path) -> None:
    path = made(tmp_path, "objects")
    run(load(path), tmp_path / "run")
    assert len(ASKED) == 36
    ASKED.clear()
    path.write_text(path.read_text().replace("unit: turns, min: 2", "unit: turns, min: 1"))
    assert run(load(path), tmp_path / "run").accepted == 12 and not ASKED
    (tmp_path / "prose.j2").write_text(f"---\n{TEMPLATES['prose.j2']}!\n")
    assert run(load(path), tmp_path / "run").accepted == 12
    assert len(ASKED) == 12, "the step's identity covers all of its templates"
    assert {request.messages[0]["content"] for request in ASKED if "Prose" in str(request)} == {"Prose on prose!"}
