"""Prompts, questions and a model's weights by their ids on the Hub."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from smoltalk.errors import WorldError
from smoltalk.eval.naming import models, tasks
from smoltalk.eval.report import read_marks
from smoltalk.eval.session import evaluate
from smoltalk.eval.tasks import ifeval
from tests.hub_double.fixture import hub as hub
from tests.hub_double.server import HubDouble

pytestmark = pytest.mark.filterwarnings("ignore")

PROMPTS = [
    {"key": 1000, "prompt": "Say it in capitals.", "instruction_id_list": ["change_case:english_capital"],
     "kwargs": [{"num_words": None, "relation": None}]},
    {"key": 1001, "prompt": "Three words or more, no commas.",
     "instruction_id_list": ["length_constraints:number_words", "punctuation:no_comma"],
     "kwargs": [{"num_words": 3, "relation": "at least"}, {"num_words": None, "relation": None}]},
]  # fmt: skip


def silent(*_: Any) -> None:
    """Nobody watches."""


def upload(hub: HubDouble, repo: str, split: str, rows: list[dict[str, Any]]) -> str:
    """The commit; a table, in which every row has every key, some of them null."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    api = HfApi(endpoint=hub.url)
    api.create_repo(repo, repo_type="dataset", exist_ok=True)
    operations = [CommitOperationAdd(f"data/{split}-00000-of-00001.parquet", sink.getvalue())]
    return api.create_commit(repo, operations, commit_message="data", repo_type="dataset").oid


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("rules.yaml").write_text('rules: [{say: ["IT IS 5, SO THE ANSWER IS 5."]}]', encoding="utf-8")
    Path("some.yaml").write_text("scripted: {replies: rules.yaml}\n", encoding="utf-8")
    return tmp_path


def test_ifeval_at_the_commit_that_is_pinned(hub: HubDouble, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ifeval, "_HUB", "acme/IFEval")
    monkeypatch.setattr(ifeval, "_COMMIT", upload(hub, "acme/IFEval", "train", PROMPTS))
    upload(hub, "acme/IFEval", "train", PROMPTS[:1])  # what came later is not asked
    found = evaluate(models(["some.yaml"]), tasks(["ifeval: {data: acme/IFEval}"]), here / "out", silent)
    strict, each = (found.score("some", "ifeval", f"{name} strict") for name in ("prompt", "instruction"))
    assert strict and each and (strict.estimate.items, strict.estimate.value) == (2, 0.5)
    assert each.estimate.value == pytest.approx(2 / 3)
    assert [mark.item for mark in read_marks(here / "out" / "items.jsonl")["ifeval", "some"]] == ["1000", "1001"]


def test_questions_with_shots_of_another_split(hub: HubDouble, here: Path) -> None:
    upload(hub, "acme/sums", "train", [{"question": "1 + 1?", "answer": "#### 2"}])
    upload(
        hub, "acme/sums", "test", [{"question": "2 + 3?", "answer": "#### 5"}, {"question": "4 + 4?", "answer": "8"}]
    )
    task = "exact: {data: acme/sums, split: test, shots: 1, shots_from: train}"
    found = evaluate(models(["some.yaml"]), tasks([task]), here / "out", silent)
    right = found.score("some", "exact", "right")
    assert right and right.estimate.value == 0.5
    (task_read,) = tasks([task]).values()
    assert [len(item.messages) for item in task_read.items()] == [3, 3]  # type: ignore[attr-defined]
    with pytest.raises(WorldError, match="acme/nothing"):
        evaluate(models(["some.yaml"]), tasks(["exact: {data: acme/nothing}"]), here / "out", silent)


def test_the_loss_of_a_model_on_the_hub(hub: HubDouble, here: Path) -> None:
    pytest.importorskip("torch", reason="pip install torch transformers")
    from smoltalk.engines.nano import Nano

    api = HfApi(endpoint=hub.url)
    api.create_repo("acme/tiny")
    api.upload_folder(repo_id="acme/tiny", folder_path=Nano.shipped)
    turns = [{"role": "user", "content": "What is 2 plus 3?"}, {"role": "assistant", "content": "5"}]
    Path("talk.jsonl").write_text(json.dumps({"messages": turns}) + "\n", encoding="utf-8")
    both = models(["nano", "acme/tiny"])
    found = evaluate(both, tasks(["loss: {data: talk.jsonl, device: cpu}"]), here / "out", silent)
    assert len({one.estimate.value for one in found.scores if one.metric == "loss"}) == 1
