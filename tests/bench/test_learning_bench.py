"""The measurement of learning reads what the commands wrote, plants its noise, and is left out where TRL is not."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import evaluation, learning, training
from bench.result import compared, table, write
from docs.benchmarks import table as page_table


def rows(folder: Path, name: str) -> list[tuple[str, str]]:
    found = [json.loads(line)["messages"] for line in (folder / f"{name}.jsonl").read_text().splitlines()]
    return [(talk[0]["content"], talk[-1]["content"]) for talk in found]


def test_half_of_the_rows_are_planted_as_noise(tmp_path: Path) -> None:
    data = tmp_path / "runs" / "questions" / "data"
    data.mkdir(parents=True)
    said = [(f"What is {n}?", " ".join(f"word{n}{place}" for place in range(8))) for n in range(41)]
    talks = [[{"role": "user", "content": q}, {"role": "assistant", "content": a}] for q, a in said]
    pq.write_table(pa.table({"messages": talks}), data / "train-00000.parquet")
    learning.plant(tmp_path)
    assert rows(tmp_path, "useful") == said[:20]
    noise = rows(tmp_path, "noise")
    assert [question for question, _ in noise] == [question for question, _ in said[20:40]]
    assert all(len(answer.split()) == 8 for _, answer in noise)
    assert not {answer for _, answer in noise} & {answer for _, answer in said}
    assert (tmp_path / "planted.yaml").is_file()


def test_figures_are_those_of_all_items(tmp_path: Path) -> None:
    whole, some = {"value": 0.5, "low": 0.4, "high": 0.6, "items": 90}, {"value": 1.0, "low": 1, "high": 1, "items": 9}
    one = {"model": "m", "metric": "right", "task": "t"}
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"scores": [
        {**one, "group": "", "estimate": whole}, {**one, "group": "math", "estimate": some},
        {**one, "task": "said", "group": "", "estimate": some},
    ]}))  # fmt: skip
    assert learning.scores(path) == {("m", "right"): whole}
    assert learning.scores(path, "said") == {("m", "right"): some}


def test_curves_begin_before_the_first_step(tmp_path: Path) -> None:
    told: dict[str, Any] = {
        "data": {"rows": 8, "held_out": 2}, "steps": 4, "before": {"loss": 8.0},
        "history": [{"step": 2, "loss": 3.0}, {"step": 2, "eval_loss": 2.5}, {"step": 4, "eval_loss": 2.0}],
    }  # fmt: skip
    path = tmp_path / "training.json"
    path.write_text(json.dumps(told))
    found = learning.history(path, ("loss", "eval_loss"))
    assert found["loss"] == [[2, 3.0]]
    assert found["eval_loss"] == [[0, 8.0], [2, 2.5], [4, 2.0]]


def test_a_rival_that_is_nothing_has_no_ratio_and_intervals_are_shown(tmp_path: Path) -> None:
    results = [
        compared("margin", 0.5, "of reward", "before", 0.0, (0.25, 0.75)),
        compared("rows", 4.0, "rows/s", "r", 2),
    ]
    assert results[0].ratio is None and results[1].ratio == 2
    assert "0.5 [0.25, 0.75]" in table(results)
    path = tmp_path / "results.json"
    write({"learning": results}, path, ("learning",))
    kept = json.loads(path.read_text())
    assert kept[0]["interval"] == [0.25, 0.75] and "interval" not in kept[1]
    assert "| margin (of reward) | 0.5 [0.25, 0.75] | before | 0 |  |" in page_table(kept)


@pytest.mark.parametrize("measurement", [learning, training])
def test_without_trl_it_is_left_out(
    measurement: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measurement, "find_spec", lambda name: None)
    assert list(measurement.results(quick=False)) == []
    assert "left out, for want of torch and trl" in capsys.readouterr().err


def test_answers_at_a_toy_size() -> None:
    found = list(evaluation.results(quick=True))
    both = all(importlib.util.find_spec(name) for name in ("torch", "transformers"))
    assert len(found) == 1 + both
    assert all(one.value > 0 and one.rival_value > 0 for one in found)


def test_questions_are_the_same_every_time() -> None:
    assert evaluation.talks(20) == evaluation.talks(20) == evaluation.talks(30)[:20]
    assert len(dict(evaluation.talks(20))) == 20


def test_the_picture_stands_alone() -> None:
    spec = importlib.util.spec_from_file_location("learning_picture", training.ROOT / "docs" / "learning.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    points = {"rewards/margins": [[2, 0.1], [4, 0.2]], "eval_rewards/margins": [[0, 0.0], [4, 0.1]],
              "rewards/accuracies": [[2, 0.4], [4, 0.6]], "eval_rewards/accuracies": [[0, 0.0], [4, 0.6]]}  # fmt: skip
    bought = [
        {"left_out": name, "bought": {"value": value, "low": value - 0.1, "high": value + 0.1}, "by_seed": [value]}
        for name, value in (("useful", 1.5), ("noise", -0.4))
    ]
    svg = module.picture({
        "sft": {"rows": 1400, "loss": [[10, 7.0], [20, 5.0]], "eval_loss": [[0, 8.0], [20, 5.5]]},
        "dpo": {"rows": 180, **points}, "ablation": {"bought": bought, "seeds": [0]},
    })  # fmt: skip
    root = ElementTree.fromstring(svg)
    style = root[0].text or ""
    assert float(root.attrib["width"]) > 500 and root.attrib["role"] == "img"
    assert set(re.findall(r"var\((--\w+)\)", svg)) <= set(re.findall(r"(--\w+):#", style))
    assert style.count("--ink:") == 2, "one for the light, one for the dark"
    said = "".join(root.itertext())
    assert "1,400 rows" in said and "useful" in said and "noise" in said
