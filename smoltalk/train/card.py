"""The model card: what it was trained on, by which recipe, with what result, as a README that the Hub reads."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from smoltalk.run.markdown import code, fence, inline, table
from smoltalk.train.page import facts, measured
from smoltalk.train.results import FILE as RESULTS

FILE = "README.md"
_TASKS = {"sft": "text-generation", "dpo": "text-generation", "reward": "text-classification"}
_SAMPLES, _TEXT = 3, 300


def card(results: Mapping[str, Any]) -> str:
    """The card's Markdown, with the YAML header of hf.co/docs/hub/model-cards."""
    header = yaml.safe_dump(_header(results), sort_keys=False, allow_unicode=True, width=1000)
    return "\n".join([f"---\n{header}---\n", *_body(results)]) + "\n"


def write_card(results: Mapping[str, Any], out: Path) -> Path:
    """Write it beside the model. Raises `OSError`."""
    path = out / FILE
    path.write_text(card(results), encoding="utf-8", newline="\n")
    return path


def _header(results: Mapping[str, Any]) -> dict[str, Any]:
    base = str(results["model"])
    on_hub = "/" in base and not base.startswith((".", "/", "~")) and not Path(base).exists()
    return {
        **({"base_model": base} if on_hub else {}),
        **({"datasets": results["data"]["hub"]} if results["data"]["hub"] else {}),
        "library_name": "peft" if _is_adapter(results) else "transformers",
        "pipeline_tag": _TASKS[results["kind"]],
        "tags": ["smoltalk-factory", "trl", {"sft": "sft", "dpo": "dpo", "reward": "reward-model"}[results["kind"]]],
    }


def _is_adapter(results: Mapping[str, Any]) -> bool:
    return bool(results["recipe"].get("use_peft")) and not results.get("merged")


def _body(results: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {inline(results['name'])}\n"
    verb = {"sft": "fine-tuned on conversations", "dpo": "trained on preferences", "reward": "made a reward model"}
    random = ", from random weights of its shape" if results["from_scratch"] else ""
    yield f"{code(results['model'])}{random}, {verb[results['kind']]} by SmolTalk Factory with TRL.\n"
    if _is_adapter(results):
        yield "It is a LoRA adapter: `smoltalk train merge` puts it into the weights.\n"
    elif results.get("merged"):
        yield "It was trained as a LoRA adapter, which is merged into the weights.\n"
    if rows := list(measured(results)):
        yield f"## Held-out rows\n\n{results['data']['held_out']:,} rows that were not trained on.\n"
        yield table(("figure", "before", "after"), rows, right=2) + "\n"
    yield "## Training\n"
    yield table(("", ""), [(name, inline(value)) for name, value in facts(results)]) + "\n"
    yield from (f"- {inline(one)}" for one in results["remarks"])
    yield from _ledger(results["data"]["books"])
    told = yaml.safe_dump(results["recipe"], sort_keys=False, allow_unicode=True, width=100)
    yield f"\n## Recipe\n\nTRL's own keys; `{RESULTS}` beside this file holds every figure.\n\n{fence(told, 'yaml')}\n"
    yield from _samples(results)
    yield "## Limits\n"
    yield "It was measured on rows of the kind it was trained on, which says nothing of other uses."
    yield "The licence of the weights follows from those of the first model and of the data; it is not stated here."


def _ledger(books: Mapping[str, Any] | None) -> Iterator[str]:
    """The books of the run whose rows were trained on."""
    if books is None:
        return
    made = (
        f" of the pipeline whose text is {code(books['pipeline'])} (`run.db`, `meta`)" if books.get("pipeline") else ""
    )
    yield f"\n## The rows\n\nFrom the run {code(books['run'])}{made}, {books['state']}:\n"
    yield table(list(books["counts"]), [[f"{rows:,}" for rows in books["counts"].values()]], right=4)
    if why := [(code(where), inline(reason), f"{rows:,}") for _, where, reason, rows in books["reasons"]]:
        yield "\n" + table(("gate or step", "reason", "rows"), why, right=1)


def _samples(results: Mapping[str, Any]) -> Iterator[str]:
    if results["kind"] == "reward" or not results["samples"]:
        return
    yield "## Samples\n\nHeld-out prompts, answered greedily.\n"
    for one in results["samples"][:_SAMPLES]:
        said = {"asked": one["prompt"][-1]["content"], "before": one["before"], "after": one["after"]}
        yield fence("\n\n".join(f"{when}: {text[:_TEXT]}" for when, text in said.items())) + "\n"
