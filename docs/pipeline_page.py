"""The page of one shipped pipeline, and the table of all: words around what docs/pipelines.py kept of a run."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pipeline_picture import picture

from smoltalk.document import parse, read_text
from smoltalk.pipeline import Pipeline, load
from smoltalk.pipeline.rehearsal import has_rehearsal
from smoltalk.run.markdown import code, fence, inline, table

ABOUT = yaml.safe_load((Path(__file__).parent / "pipelines" / "components.yaml").read_text(encoding="utf-8"))
"""What each pipeline corresponds to, and licences of models and datasets: facts that no file of the project holds."""

_CELL = 100
"""Characters of a value in a table."""
_KNOBS = {"sampling", "user", "assistant"}
_KINDS = {
    "Nano": "`nano`, the model in the package: every word is a model's",
    "NanoReward": "`nano_reward`, the reward model in the package: real scores",
    "Embedding": "words and their pieces, hashed: no model",
    "Scripted": "a script: no model wrote this",
}


def page(path: Path, settings: Mapping[str, str], kept: Mapping[str, Any]) -> str:
    """Markdown, the same for the same file and the same run."""
    large, small = load(path), load(path, dict(settings))
    parts = [
        f"# {path.stem}",
        "<!-- made by docs/pipelines.py from a real run; `make docs` writes it anew -->",
        _opening(path),
        _commands(path, settings),
        *_component(path.stem),
        "## What hangs on what",
        "Steps are boxes, gates hexagons; the arrows between steps carry the columns that are read.",
        fence(picture(large), "mermaid"),
        "## What there is to change",
        "Each with `--set KEY=VALUE`, or in the file.",
        *_engines(large, small),
        *_knobs(path),
        *_rehearsal(path, settings, small),
        *_rows(kept),
        *_books(kept),
    ]
    return "\n\n".join(parts) + "\n"


def _opening(path: Path) -> str:
    """The comment the file opens with, but for its last line, which is the command."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = lines[: next(i for i, line in enumerate(lines) if not line.startswith("#"))]
    words, code_spans = " ".join(line.lstrip("# ") for line in comment[:-1]).split("`"), (inline, code)
    return "".join(_spaced(text, code_spans[place % 2]) for place, text in enumerate(words))


def _spaced(text: str, shown: Callable[[object], str]) -> str:
    """Shown, with the space it has at its ends."""
    return " " * text.startswith(" ") + shown(text) + " " * (text.endswith(" ") and bool(text.strip()))


def _commands(path: Path, settings: Mapping[str, str]) -> str:
    rehearsed = _has_rehearsal(settings)
    if not settings:
        return fence(f"smoltalk run {path}   # on any laptop: the run on this page", "sh")
    how = "--rehearse" if rehearsed else f"--rows {settings['target.accepted']}"
    models = "with the models it names" if rehearsed else "whole"
    width = len(f"smoltalk run {path} {how}")
    return fence(
        f"{f'smoltalk run {path}':{width}}   # {models}\n"
        f"{f'smoltalk run {path} {how}':{width}}   # small, on any laptop: the run on this page",
        "sh",
    )


def _has_rehearsal(settings: Mapping[str, str]) -> bool:
    return "name" in settings


def _component(name: str) -> Iterator[str]:
    about = ABOUT["pipelines"].get(name, {})
    if said := about.get("is"):
        yield "## What it corresponds to"
        yield said.strip()
    if datasets := about.get("datasets", []):
        lines = [(f"[{code(one)}](https://huggingface.co/datasets/{one})", _licence(one)) for one in datasets]
        yield table(("on the Hub", "licence, by its card"), lines)


def _licence(name: str) -> str:
    return inline(ABOUT["licences"].get(name, "see its page"))


# ---------------------------------------------------------------- parameters


def _engines(large: Pipeline, small: Pipeline) -> Iterator[str]:
    lines = []
    for name, placed in large.engines.items():
        model = str(getattr(placed.part, "model", None))
        licence = _licence(model) if model in ABOUT["licences"] else ""
        lines.append((code(f"engines.{name}"), code(_plan(placed.part.plan())), licence))
    yield table(("engine", "is", "licence of the model"), lines) if lines else "No engine: no model is asked."


def _plan(plan: str) -> str:
    """Without what is only known where the model lies."""
    return plan.partition(", ")[0] if plan.startswith("vllm") else plan


def _yaml(path: Path) -> Any:
    """The file as the project reads it, in which `on` is a word."""
    return parse(read_text(path, "pipeline"), str(path)).data


def _knobs(path: Path) -> Iterator[str]:
    """Every cut of the gates, every sampling and number of the steps, by the key that changes it."""
    data = _yaml(path)
    for kind in ("steps", "gates"):
        lines = []
        for place, entry in enumerate(data.get(kind, [])):
            name, fields = next(iter(entry.items()))
            label = name.rpartition(".")[2]
            for key, value in _leaves(fields or {}, cuts=kind == "gates"):
                lines.append((code(label), code(f"{kind}.{place}.{key}"), code(_cell(value))))
        if kind == "gates":
            lines += [("target", code(f"target.{key}"), code(value)) for key, value in data.get("target", {}).items()]
        if lines:
            yield table((kind[:-1], "key", "is"), lines)


def _leaves(fields: Mapping[str, Any], cuts: bool) -> Iterator[tuple[str, Any]]:
    for key, value in fields.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if key in _KNOBS and isinstance(value, dict):
            yield from ((f"{key}.{inner}", one) for inner, one in value.items())
        elif cuts or number or key in ("path", "dataset", "categories"):
            yield key, value


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _CELL else f"{text[:_CELL]} …"


# ---------------------------------------------------------------- the run


def _rehearsal(path: Path, settings: Mapping[str, str], small: Pipeline) -> Iterator[str]:
    yield "## The rehearsal"
    if _has_rehearsal(settings):
        yield "What `--rehearse` changes:"
        block = _yaml(path)["rehearsal"]
        yield fence(
            "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in block.items()), "yaml"
        )
    else:
        yield "It runs anywhere as it stands" + ("; `--rows` only keeps it short." if settings else ".")
    lines = [(code(name), *_spoke(placed.part)) for name, placed in small.engines.items()]
    if lines:
        yield "Who wrote what is shown below:"
        yield table(("engine", "is", ""), lines)


def _spoke(engine: Any) -> tuple[str, str]:
    kind = type(engine).__name__
    if kind == "Pool":
        return "one of them for each row", inline(engine.plan())
    script = code(engine.replies) if kind == "Scripted" else ""
    return _KINDS.get(kind, inline(kind)), script


def _rows(kept: Mapping[str, Any]) -> Iterator[str]:
    yield "## A row of the dataset"
    yield "The first that was accepted, whole, as `datasets.load_dataset` gives it:"
    yield _json(kept["accepted"])
    if rejected := kept["rejected"]:
        yield "## A row that was turned away"
        yield f"By {code(rejected['gate'])}: {code(rejected['reason'])}. Its evidence:"
        yield _json(rejected["evidence"])
        yield "The row:"
        yield _json(rejected["row"])


def _json(value: Any) -> str:
    return fence(json.dumps(value, indent=2, ensure_ascii=False), "json")


def _books(kept: Mapping[str, Any]) -> Iterator[str]:
    books = kept["books"]
    yield "## The ledger"
    lines = [(fate, "", "", books[fate]) for fate in ("born", "accepted")]
    lines += [(one["fate"], code(one["where"]), code(one["reason"]), one["rows"]) for one in books["by_reason"]]
    yield table(("", "gate or step", "reason", "rows"), lines, right=1)
    ends = " + ".join(f"{books[fate]} {fate}" for fate in ("accepted", "rejected", "failed"))
    yield f"The run is {books['state']}: {books['born']} born = {ends}."
    said = [(code(column), ", ".join(f"{n} {code(label)}" for label, n in labels.items()))
            for column, labels in kept["said"].items() if labels]  # fmt: skip
    if said:
        yield "What the columns said that gates judge by, over all rows that were born and did not fail:"
        yield table(("column", "rows"), said)


def _as_they_stand(paths: Iterable[Path]) -> str:
    """The pipelines that need no rehearsal."""
    names = [code(path.stem) for path in paths if not has_rehearsal(path.read_text(encoding="utf-8"))]
    if not names:
        return ""
    return f"{', '.join(names)} run so as they stand, without `--rehearse`. "


def index(runs: Mapping[Path, Mapping[str, Any]]) -> str:
    """The table of all pipelines, with what became of the rows of their runs."""
    lines = []
    for path, kept in runs.items():
        books, about = kept["books"], ABOUT["pipelines"].get(path.stem, {})
        why: Counter[str] = Counter()
        for one in books["by_reason"]:
            why[one["reason"]] += one["rows"]
        told = [f"{n} {code(reason)}" for reason, n in why.most_common()]
        lines.append(
            (f"[{path.stem}]({path.stem}.md)", inline(load(path).description), inline(about.get("component", "")),
             books["born"], books["accepted"], ", ".join(told))
        )  # fmt: skip
    head = ("pipeline", "makes", "in SmolTalk", "born", "accepted", "rejected or failed, by reason")
    return "\n\n".join(
        [
            "# The pipelines that ship",
            "<!-- made by docs/pipelines.py from real runs; `make docs` writes it anew -->",
            "One YAML each in [pipelines/](../../pipelines), ready for real models. With `smoltalk run "
            "pipelines/NAME.yaml --rehearse` each runs small on any laptop, without a GPU and without a network: on "
            "`nano`, the model in the package, and on scripts where `nano` cannot do it; its page says which. "
            f"{_as_they_stand(runs)}These are the books of such runs: every row that was born is accepted, or rejected "
            "or failed for a reason.",
            table(head, lines),
        ]
    ) + "\n"  # fmt: skip
