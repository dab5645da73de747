"""Pairs and conversations with function calls by `data:`, of files and of mixtures: what TRL is given, what it says."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from smoltalk.errors import UserError
from smoltalk.train.recipe import read
from tests.eval.calling import call, calling, pairs, rows
from tests.mixing.mixtures import lines, mixed, pipeline, published
from tests.train.conftest import Row, Write, said

pytest.importorskip("trl", reason="TRL is not installed")

from smoltalk.train.session import look, train

QUICK = {
    "max_steps": 2, "per_device_train_batch_size": 4, "save_strategy": "no", "report_to": "none", "logging_steps": 1,
    "gradient_checkpointing": False,
}  # fmt: skip


def silent(*_: Any) -> None:
    """Nobody watches."""


def looked(kind: Any, path: Path, folder: Path) -> Any:
    return look(read(kind, path), folder, silent)


def given(row: Row) -> Row:
    """A row without what is ours alone."""
    return {name: row[name] for name in ("prompt", "chosen", "rejected", "messages") if name in row}


def mixture(folder: Path, makes: str, some: list[Row]) -> Path:
    """A mixture of the rows."""
    source = {"files": str(lines(folder / "a.jsonl", some)), "licence": "mit"}
    file = pipeline(folder, {"sources": {"a": source}}, makes=makes, keep=["tools", "source_id"])
    mixed(file, folder / "mixed")
    return folder / "mixed"


def test_pairs_are_what_the_file_says(recipe_file: Write, tmp_path: Path) -> None:
    some = pairs(9)
    model = str(calling(tmp_path / "model"))
    found = looked("dpo", recipe_file(some, {"held_out": 0}, model_name_or_path=model), tmp_path / "rows")
    assert [given(row) for row in found.rows.train] == [given(row) for row in some]
    assert [json.loads(row["tools"]) for row in found.rows.train] == [row["tools"] for row in some]
    whole = [
        {"tools": row["tools"], **{name: [*row["prompt"], *row[name]] for name in ("chosen", "rejected")}}
        for row in some
    ]
    again = looked("dpo", recipe_file(whole, {"held_out": 0}, model_name_or_path=model), tmp_path / "again")
    assert [given(row) for row in again.rows.train] == [given(row) for row in some], (
        "the prompt is what both begin with"
    )


def test_calls_that_differ_are_no_prompt_and_those_that_do_not_no_pair(recipe_file: Write, tmp_path: Path) -> None:
    asked, model = said("user", "Which?"), str(calling(tmp_path / "model"))
    one, other = call("weather", {"of": "Rome"}), call("weather", {"of": "Oslo"})
    some = [{"id": "same", "prompt": [asked], "chosen": [one], "rejected": [one]},
            {"id": "good", "chosen": [asked, one], "rejected": [asked, other]}]  # fmt: skip
    path = recipe_file(some[1:] * 3, {"held_out": 0}, model_name_or_path=model)
    row = looked("dpo", path, tmp_path / "rows").rows.train[0]
    assert given(row) == {"prompt": [asked], "chosen": [one], "rejected": [other]}
    with pytest.raises(UserError, match="row same: `chosen` and `rejected` say the same"):
        looked("dpo", recipe_file(some[:1], {"held_out": 0}, model_name_or_path=model), tmp_path / "same")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["dpo", "reward", "sft"])
def test_a_mixture_is_trained_on_as_its_rows_are(recipe_file: Write, tmp_path: Path, kind: Any) -> None:
    """To the last digit of what TRL logs, and of what it measures of the held-out rows."""
    some, model = rows(12) if kind == "sft" else pairs(12), str(calling(tmp_path / "model"))
    makes = "sft" if kind == "sft" else "dpo"
    run = mixture(tmp_path, makes, some)
    order = {row["source_id"]: n for n, row in enumerate(published(run))}
    some.sort(key=lambda row: order[row["id"]])
    found = []
    for name, data in (("file", None), ("mixture", {"run": str(run)})):
        path = recipe_file(some, {"held_out": 4}, model_name_or_path=model, **QUICK)
        if data:
            keys = yaml.safe_load(path.read_text(encoding="utf-8"))
            path.write_text(yaml.safe_dump(keys | {"data": {**data, "held_out": 4}}), encoding="utf-8")
        results, _ = train(read(kind, path, out=tmp_path / name), silent, silent, "again")
        found.append((results["before"], results["after"], [one.get("loss") for one in results["history"]]))
    assert found[0] == found[1] and found[0][1]["loss"] > 0
    if kind == "dpo":
        assert "rewards/accuracies" in found[0][1]
