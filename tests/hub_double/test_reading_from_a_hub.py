"""What reads the Hub, on a Hub: runs from a dataset of one commit, decontamination, benchmarks."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from smoltalk.cli import main
from tests.hub_double.server import HubDouble

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
"""The Hub's library uploads in a way that its HTTP library is leaving."""

QUESTIONS = [f"What is {i} plus {i}, if you count on your fingers only?" for i in range(20)]

PIPELINE = """\
name: from-the-hub
licence: mit
engines:
  nano: {{nano: {{}}}}
target: {{accepted: {rows}}}
steps:
  - hub: {{dataset: acme/questions, columns: {{instruction: question}}{more}}}
  - reply: {{engine: nano}}
gates:
  - length: {{of: response, min: 1}}
"""


def parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), sink)
    return sink.getvalue()


def upload(hub: HubDouble, questions: Sequence[str], branch: str | None = None, repo: str = "acme/questions") -> str:
    """The commit."""
    api = HfApi(endpoint=hub.url)
    api.create_repo(repo, repo_type="dataset", private=True, exist_ok=True)
    if branch:
        api.create_branch(repo, branch=branch, repo_type="dataset", exist_ok=True)
    data = parquet([{"question": one} for one in questions])
    operations = [CommitOperationAdd("data/train-00000-of-00001.parquet", data)]
    return api.create_commit(repo, operations, commit_message="data", repo_type="dataset", revision=branch).oid


def published(run: Path) -> list[str]:
    tables = [pq.read_table(file) for file in sorted((run / "data").glob("*.parquet"))]
    return [row["messages"][0]["content"] for table in tables for row in table.to_pylist()]


def smoltalk(*arguments: object) -> int:
    return main([str(one) for one in arguments])


@pytest.mark.parametrize("branch", [None, "v2"])
def test_a_run_reads_one_commit_whatever_is_pushed_meanwhile(
    hub: HubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str], branch: str | None
) -> None:
    first = upload(hub, QUESTIONS, branch)
    more = f", revision: {branch}" if branch else ""
    pipeline, run = tmp_path / "p.yaml", tmp_path / "run"
    pipeline.write_text(PIPELINE.format(rows=4, more=more))
    assert smoltalk("run", pipeline, "--out", run) == 0, capsys.readouterr().err
    before = published(run)
    upload(hub, ["Something else entirely, for whoever reads now?"] * 20, branch)
    assert smoltalk("run", run, "--rows", 9) == 0, capsys.readouterr().err
    after = published(run)
    assert len(after) == 9
    assert after[:4] == before
    assert set(after) <= set(QUESTIONS)
    environment = json.loads((run / "environment.json").read_text())
    assert environment["source"] == {"dataset": "acme/questions", "commit": first}


def test_a_mixture_reads_one_commit_and_writes_down_which(
    hub: HubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = upload(hub, QUESTIONS)
    source = "{hub: acme/questions, columns: {user: question, assistant: question}}"
    pipeline, run = tmp_path / "mix.yaml", tmp_path / "run"
    pipeline.write_text(f"name: mixed\nmix:\n  sources:\n    asked: {source}\n")
    assert smoltalk("mix", pipeline, "--out", run) == 0, capsys.readouterr().err
    environment = json.loads((run / "environment.json").read_text())
    assert environment["sources"] == {"asked": {"dataset": "acme/questions", "commit": first}}
    before = published(run)
    upload(hub, ["Something else entirely, for whoever reads now?"] * 20)
    next((run / "data").iterdir()).unlink()
    assert smoltalk("mix", run) == 0, capsys.readouterr().err
    assert published(run) == before and len(before) == 20, "what was lost is read again at the commit of the first time"


def test_an_edited_revision_is_looked_up_again(
    hub: HubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    upload(hub, QUESTIONS)
    other = upload(hub, [f"How many legs have {i} spiders, all in all?" for i in range(20)], "v2")
    pipeline, run = tmp_path / "p.yaml", tmp_path / "run"
    pipeline.write_text(PIPELINE.format(rows=3, more=""))
    assert smoltalk("run", pipeline, "--out", run) == 0
    pipeline.write_text(PIPELINE.format(rows=3, more=", revision: v2"))
    assert smoltalk("run", pipeline, "--out", run) == 0, capsys.readouterr().err
    assert all("spiders" in one for one in published(run))
    assert json.loads((run / "environment.json").read_text())["source"]["commit"] == other


def test_a_dataset_that_is_not_there_is_told(
    hub: HubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline = tmp_path / "p.yaml"
    pipeline.write_text(PIPELINE.format(rows=3, more=""))
    assert smoltalk("run", pipeline, "--out", tmp_path / "run") == 3
    said = capsys.readouterr().err
    assert "there is no dataset acme/questions on the Hub, or it is not yours to see (it answers 404)" in said
    assert "Traceback" not in said


def test_a_dataset_on_the_hub_is_decontaminated(
    hub: HubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = tmp_path / "exam.jsonl"
    items.write_text("".join(json.dumps({"question": one}) + "\n" for one in QUESTIONS[:3]))
    upload(hub, [*QUESTIONS[:3], *(f"Tell me a story about number {i}, and make it a sad one." for i in range(9))])
    out = tmp_path / "out"
    done = smoltalk("decontaminate", "acme/questions", "--against", items, "--out", out, "--of", "question")
    assert done == 0, capsys.readouterr().err
    kept = [row for file in (out / "clean").glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    assert len(kept) == 9


def test_a_benchmark_is_built_from_the_hub(
    hub: HubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = upload(hub, QUESTIONS)
    upload(hub, ["moved"] * 20)
    (tmp_path / "fingers.yaml").write_text(
        f"dataset: acme/questions\nrevision: {commit}\nsplits: [train]\nquestion: question\nlicence: mit\n"
        f"rows: 20\nexample: {QUESTIONS[7]}\n"
    )
    monkeypatch.chdir(tmp_path)
    assert smoltalk("benchmarks", "build", "fingers.yaml") == 0, capsys.readouterr().err
    assert "20" in capsys.readouterr().out
