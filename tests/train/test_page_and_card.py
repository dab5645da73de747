"""The page and the card of a training: what they name, and that no row and no recipe writes markup into them."""

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt

from smoltalk.train.card import card
from smoltalk.train.drawing import draw
from smoltalk.train.page import measured, page
from smoltalk.train.results import write

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=x> ``` `a` [b](javascript:c) | d <|im_end|>\n---\n# e"


def results(kind: str = "sft", text: str = "Fine.", **more: Any) -> dict[str, Any]:
    """A finished training, told in few rows."""
    name = {"sft": "loss", "dpo": "rewards/accuracies", "reward": "accuracy"}[kind]
    answer: Any = [1.0, -0.5] if kind == "reward" else text
    sample = {"prompt": [{"role": "system", "content": text}, {"role": "user", "content": text}], "wanted": text}
    return {
        "state": "complete", "kind": kind, "name": text.split("\n")[0], "model": text, "from_scratch": False,
        "recipe": {"learning_rate": 1e-3, "run_name": text},
        "data": {
            "origin": text, "hub": ["a/b"], "licence": text, "identity": "0", "rows": 3, "held_out": 1, "tokens": 30,
            "learned": 12, "longest": 9, "max_length": 8, "cut": 1, "left_out": 0, "mended": 0, "lengths": [3, 5, 9],
            "books": {
                "run": text, "state": "complete", "counts": {"born": 4, "accepted": 3, "rejected": 1, "failed": 0},
                "reasons": [["rejected", text, text, 1]],
            },
        },
        "remarks": [text], "before": {name: 0.0}, "after": {name: 1.0}, "steps": 2, "epochs": 1.0, "seconds": 3.0,
        "history": [{"step": 1, "loss": 2.0, "epoch": 0.5}, {"step": 2, "loss": 1.0, "epoch": 1.0}],
        "samples": [{**sample, "rejected": text, "before": answer, "after": answer} if kind != "sft" else
                    {**sample, "before": answer, "after": answer}],
        "versions": {"trl": "1.16.0"}, "parameters": 10, "trained_parameters": 10, "batch": 4, "resumed": False,
        "device": "cpu", "processes": 1, **more,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["sft", "dpo", "reward"])
def test_rows_and_recipes_write_no_markup(kind: str) -> None:
    html = page(results(kind, HOSTILE))
    assert "<script" not in html
    assert "<img" not in html
    assert "<|im_end|>" not in html
    assert html.count("</pre>") == 1
    markdown = card(results(kind, HOSTILE)).partition("\n---\n")[2]
    read = MarkdownIt("commonmark").enable("table").render(markdown)
    assert "<script" not in read
    assert "<img" not in read
    assert "<a " not in read
    headings = [line for line in read.splitlines() if line.startswith("<h1>")]
    assert len(headings) == 1
    assert "<h1>e</h1>" not in read


@pytest.mark.parametrize("kind", ["sft", "dpo", "reward"])
def test_the_hub_reads_the_card(kind: str) -> None:
    said = ModelCard(card(results(kind))).data.to_dict()
    assert said["datasets"] == ["a/b"]
    assert said["library_name"] == "transformers"
    assert said["pipeline_tag"] == ("text-classification" if kind == "reward" else "text-generation")
    assert "trl" in said["tags"]
    assert "base_model" not in said
    assert ModelCard(card(results(kind, model="org/base"))).data.base_model == "org/base"


def test_the_card_names_what_it_was_made_of() -> None:
    given = results(text="runs/mine")
    given["data"]["books"]["pipeline"] = "65570a5a29aa"
    told = card(given)
    for word in (
        "From the run `runs/mine` of the pipeline whose text is `65570a5a29aa` (`run.db`, `meta`), complete",
        "| born | accepted |",
        "learning_rate: 0.001",
        "## Held-out rows",
    ):
        assert word in told, word


def test_an_adapter_says_so() -> None:
    adapter = results(recipe={"use_peft": True})
    assert "library_name: peft" in card(adapter)
    assert "smoltalk train merge" in card(adapter)
    assert "library_name: transformers" in card(adapter | {"merged": True})


def test_a_loss_of_all_tokens_is_called_so() -> None:
    told = results(after={"loss": -0.0001}, before={"loss": -0.0})
    assert list(measured(told)) == [("loss", "0.000", "0.000")]
    told["data"]["learned"] = told["data"]["tokens"]
    assert list(measured(told)) == [("loss (all tokens)", "0.000", "0.000")]
    assert "loss (all tokens)" in page(told)
    assert list(measured({**told, "kind": "dpo"})) == [("loss", "0.000", "0.000")]


def test_a_page_that_cannot_be_drawn_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(results(), tmp_path)
    page, why = draw(tmp_path)
    assert page.is_file() and why == ""
    monkeypatch.setattr("sys.executable", "false")
    assert "could not be drawn: memory may be short; the same command tries again" in draw(tmp_path)[1]
    write({"state": "complete"}, tmp_path)
    monkeypatch.undo()
    assert "could not be drawn: KeyError" in draw(tmp_path)[1]
