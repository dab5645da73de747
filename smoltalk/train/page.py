"""`training.html`: curves, figures before and after, samples and facts of a training, in one file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

from smoltalk.reporting.page_text import short, span, spelt
from smoltalk.train.charts import figures

FILE = "training.html"
_VERBS = {"sft": "Fine-tuned on conversations", "dpo": "Trained on preferences", "reward": "A reward model"}
_WORDS = {
    "loss": "loss",
    "mean_token_accuracy": "next tokens foretold",
    "entropy": "entropy of the next token, nats",
    "rewards/accuracies": "pairs in the right order",
    "rewards/margins": "margin",
    "rewards/chosen": "reward of chosen answers",
    "rewards/rejected": "reward of rejected answers",
    "accuracy": "pairs in the right order",
    "margin": "margin",
}
"""TRL's names that mean something to a person, in their order on the page."""


def page(results: Mapping[str, Any]) -> str:
    """The whole page."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined,
        loader=FileSystemLoader(Path(__file__).parent), finalize=lambda v: spelt(v) if type(v) is str else v,
    )  # fmt: skip
    environment.filters |= {"n": lambda value: f"{value:,}", "cut": _cut, "told": _told, "coded": _coded}
    style = (Path(__file__).parent.parent / "reporting" / "page.css").read_text(encoding="utf-8")
    reward = results["kind"] == "reward"
    return environment.get_template("page.html.j2").render(
        r=results, style=Markup(style), lead=_lead(results), tiles=list(_tiles(results)),
        measured=list(measured(results)), figures=figures(results), facts=list(facts(results)),
        recipe=yaml.safe_dump(results["recipe"], sort_keys=False, allow_unicode=True, width=100),
        samples_lead="Scores of the chosen and of the rejected answer." if reward else
        "Held-out prompts, answered greedily: always the likeliest next token.",
    )  # fmt: skip


def write_page(results: Mapping[str, Any], out: Path) -> Path:
    """Write it whole or not at all. Raises `OSError`."""
    path, new = out / FILE, out / f".{FILE}.new"
    new.write_text(page(results), encoding="utf-8", newline="\n")
    new.replace(path)
    return path


def measured(results: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(figure, before, after) of the held-out rows."""
    for name, words in _WORDS.items():
        if name in results["after"]:
            before = results["before"].get(name)
            told = f"{words} (all tokens)" if name == "loss" and _is_of_all(results) else words
            yield told, "–" if before is None else _figure(before), _figure(results["after"][name])


def _is_of_all(results: Mapping[str, Any]) -> bool:
    """Whether a loss is that of questions too: not the one that `smoltalk eval --tasks loss` takes, of answers."""
    return bool(results["kind"] == "sft" and results["data"]["learned"] == results["data"]["tokens"])


def _figure(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}"  # + 0.0: no -0.000


def facts(results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a reader needs to make it again."""
    data = results["data"]
    start = f"{results['model']}{', its shape with random weights' if results['from_scratch'] else ''}"
    yield "started from", start
    yield "rows", f"{data['origin']}: {data['rows']:,} trained on, {data['held_out']:,} held out"
    learned = "" if data["learned"] == data["tokens"] else f", a loss taken of {data['learned']:,}"
    yield "tokens", f"{data['tokens']:,} in one pass{learned}; the longest row {data['longest']:,}"
    yield "licence of the rows", data["licence"] or "not stated"
    yield "steps", f"{results['steps']:,} of {results['batch']:,} rows, {results['epochs']:.3g} passes"
    trained = results["trained_parameters"]
    part = "" if trained == results["parameters"] else f", {trained:,} of them trained"
    yield "parameters", f"{results['parameters']:,}{part}"
    many = f", {results['processes']} processes" if results["processes"] > 1 else ""
    resumed = ", from a checkpoint on" if results["resumed"] else ""
    yield "made on", f"{results['device']}{many}, {span(results['seconds'])}{resumed}"
    yield "with", ", ".join(f"{name} {version}" for name, version in results["versions"].items())


def _lead(results: Mapping[str, Any]) -> str:
    random = " with random weights" if results["from_scratch"] else ""
    return f"{_VERBS[results['kind']]}: {results['model']}{random}, on {results['data']['origin']}."


def _tiles(results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield f"{results['data']['rows']:,}", "rows"
    yield short(results["data"]["tokens"]), "tokens a pass"
    yield f"{results['steps']:,}", "steps"
    yield short(results["parameters"]), "parameters"
    yield span(results["seconds"]), "of training"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _told(said: Any, most: int = 400) -> str:
    if isinstance(said, list):
        return f"chosen {said[0]:g}, rejected {said[1]:g}"
    return _cut(str(said), most) or "(nothing)"


def _coded(sentence: str) -> Markup:
    parts = [escape(spelt(part)) for part in sentence.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))
