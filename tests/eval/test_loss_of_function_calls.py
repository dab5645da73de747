"""The loss of conversations with function calls is TRL's own: calls count, tools and what they return are read."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from smoltalk.errors import UserError
from smoltalk.eval.naming import models, tasks
from smoltalk.eval.session import evaluate
from smoltalk.run.parquet import ParquetFiles, calls_type
from tests.eval.calling import TEMPLATE, calling, rows

pytest.importorskip("torch", reason="pip install torch transformers")
pytest.importorskip("transformers", reason="pip install torch transformers")


def silent(*_: Any) -> None:
    """Nobody watches."""


def lines(path: Path, some: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
    return path


def published(path: Path, some: list[Any]) -> Path:
    """As a run publishes them: every turn a JSON object."""
    files = ParquetFiles([("messages", calls_type()), ("tools", pa.json_())], lambda _: path)
    for row in some:
        files.add(([json.dumps(turn) for turn in row["messages"]], json.dumps(row["tools"])), 1)
    files.close()
    return path


def loss(folder: Path, data: Path, out: Path, of: str = "assistant") -> float:
    found = evaluate(models([str(folder)]), tasks([f"loss: {{data: {data}, of: {of}, device: cpu}}"]), out, silent)
    score = found.score(folder.name, "loss", "loss")
    assert score and not found.left_out
    return score.estimate.value


@pytest.mark.filterwarnings("ignore")
def test_loss_is_that_of_trls_own_trainer(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    trl = pytest.importorskip("trl", reason="pip install 'smoltalk-factory[train]'")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    before, some = calling(tmp_path / "model"), rows(8)
    data = datasets.Dataset.from_list(
        [{"messages": row["messages"], "tools": json.dumps(row["tools"])} for row in some],
        features=datasets.Features({"messages": datasets.List(datasets.Json()), "tools": datasets.Value("string")}),
    )
    for of in ("assistant", "all"):
        config = trl.SFTConfig(
            output_dir=str(tmp_path / "sft"), assistant_only_loss=of == "assistant", max_length=1024, use_cpu=True,
            bf16=False, report_to="none", gradient_checkpointing=False, disable_tqdm=True, per_device_eval_batch_size=8,
        )  # fmt: skip
        trainer = trl.SFTTrainer(
            AutoModelForCausalLM.from_pretrained(before, dtype="float32"), args=config, train_dataset=data,
            eval_dataset=data, processing_class=AutoTokenizer.from_pretrained(before),
        )  # fmt: skip
        theirs = trainer.evaluate()["eval_loss"]
        ours = [
            loss(before, data, tmp_path / f"{of}-{data.suffix}", of)
            for data in (lines(tmp_path / "a.jsonl", some), published(tmp_path / "b.parquet", some))
        ]
        assert ours[0] == ours[1] == pytest.approx(theirs, abs=1e-5)
    unmarked = calling(
        tmp_path / "unmarked", TEMPLATE.replace("{%- generation %}", "").replace("{%- endgeneration %}", "")
    )
    found = loss(unmarked, tmp_path / "a.jsonl", tmp_path / "without-marks")
    assert found == pytest.approx(loss(before, tmp_path / "a.jsonl", tmp_path / "with-marks"), abs=1e-6)


def test_tools_are_read_and_never_counted(tmp_path: Path) -> None:
    before, some = calling(tmp_path / "model"), rows(4)
    for row in some:
        row["messages"][-1] = {"role": "user", "content": "x"}  # the calls alone are learned
    told = loss(before, lines(tmp_path / "a.jsonl", some), tmp_path / "a")
    for row in some:
        row["messages"][2] |= {"content": "Something else came back."}
    assert loss(before, lines(tmp_path / "b.jsonl", some), tmp_path / "b") == told
    untold = [row | {"tools": None} for row in some]
    assert loss(before, lines(tmp_path / "c.jsonl", untold), tmp_path / "c") != told


def test_a_template_that_writes_no_calls_is_told(tmp_path: Path) -> None:
    """nano's own: what it makes of a call is an empty turn, and its loss would be of nothing."""
    data = lines(tmp_path / "a.jsonl", [*rows(3), {"messages": [rows(1)[0]["messages"][place] for place in (0, 3)]}])
    found = evaluate(models(["nano"]), tasks([f"loss: {{data: {data}, device: cpu}}"]), tmp_path / "out", silent)
    (left,) = found.left_out
    assert (left.items, left.of, left.why) == (3, 4, "the chat template does not write its function calls")
    assert (score := found.score("nano", "loss", "loss")) and score.estimate.items == 1


def test_rows_that_are_no_conversations_are_told_by_their_place(tmp_path: Path) -> None:
    for bad, said in (
        ({"messages": [{"role": "alien", "content": "x"}]}, "row 2: `messages` turn 1 is spoken by 'alien'"),
        ({**rows(1)[0], "tools": "{"}, "row 2: `tools` is no list"),
        (
            {**rows(1)[0], "chat_template_kwargs": [1]},
            "row 2: `tools` is no list, or `chat_template_kwargs` no mapping",
        ),
        ({"messages": None}, "row 2: `messages` holds no turns"),
    ):
        data = lines(tmp_path / "a.jsonl", [*rows(1), bad])
        with pytest.raises(UserError, match=said):
            tasks([f"loss: {{data: {data}}}"])["loss"].look()
    data.write_text('{"messages": [\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"a\.jsonl:1  the line is not JSON"):
        tasks([f"loss: {{data: {data}}}"])["loss"].look()
