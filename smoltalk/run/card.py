"""The dataset card: the run's books and pipeline as a README that the Hub reads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import yaml

from smoltalk import licences
from smoltalk.gates.decontaminate import Decontaminate
from smoltalk.pipeline import Pipeline, Stock
from smoltalk.pipeline.kept import kept
from smoltalk.pipeline.labels import labelled_gates, labelled_steps
from smoltalk.pipeline.model import BORN_WITH, TRAINED_ON
from smoltalk.redaction import redact, redact_setting, redact_yaml
from smoltalk.run.card_header import header
from smoltalk.run.card_of_mixtures import copied, mixed
from smoltalk.run.card_of_pairs import lengths, preferences
from smoltalk.run.card_prompts import said_to_models
from smoltalk.run.column_types import TOOLS, named
from smoltalk.run.ledger import Books
from smoltalk.run.markdown import code, fence, inline, table
from smoltalk.run.row_lines import Published

NOT_STATED = "not stated"

_EXAMPLE_TEXT = 600
"""Characters of one text in the example."""
_PIPELINE_TEXT = 60_000


def card(pipeline: Pipeline, books: Books, published: Published) -> str:
    """The card's Markdown: YAML header, what is in the dataset, how it was made, the books, limits."""
    from smoltalk.prompts.card import card_text

    return card_text(pipeline.card, known(pipeline, books, published))


def known(pipeline: Pipeline, books: Books, published: Published) -> dict[str, Any]:
    """What a card's template can show, by name (`smoltalk.prompts.card.VARIABLES`)."""
    example, cut = _example(published)
    splits = published.splits or {"train": published.rows}
    parts = [one.licence for one in published.sources]
    return {
        "header": yaml.safe_dump(
            header(pipeline, books, splits, parts), sort_keys=False, allow_unicode=True, width=1000
        ),
        "title": inline(pipeline.name),
        "description": inline(redact(pipeline.description)) or "No description.",
        "rows": f"{books.accepted:,}",
        "makes": pipeline.makes,
        "shape": _shape(published),
        "splits": [(name, f"{rows:,}") for name, rows in splits.items()],
        "sources": mixed(published.sources) if published.sources else "",
        "columns": table(("column", "type", "what"), _columns(pipeline, published)),
        "example": example,
        "example_cut": cut,
        "steps": table(("step", "is", "asks", "writes"), steps) if (steps := list(_steps(pipeline))) else "",
        "engines": table(("engine", "model", "licence"), _engines(pipeline))
        if pipeline.engines
        else "None: no text of this dataset was written by a model in this run.",
        "prompts": said_to_models(pipeline),
        "gates": table(("gate", "settings"), _gates(pipeline)) if pipeline.gates else "",
        "ledger": _ledger(books),
        "reasons": table(("fate", "gate or step", "reason", "rows"), _reasons(books), right=1) if books.reasons else "",
        "ending": _ending(books, pipeline.mixes),
        "said": published.said.section(),
        "preferences": preferences(published.preferences) if published.preferences.pairs else "",
        "decontamination": _decontamination(pipeline, books),
        "licences": "\n".join(_licences(pipeline, published)),
        "limits": "\n".join(f"- {limit}" for limit in _limits(pipeline, books, published)),
        "seed": pipeline.seed,
        "settings": ", ".join(code(f"{path}={redact_setting(path, v)}") for path, v in pipeline.settings.items()),
        "pipeline": _pipeline(pipeline),
    }


# ---------------------------------------------------------------- what is in it


_TRAINED = {
    "messages": "the conversation",
    "prompt": "what was asked",
    "chosen": "the better answer",
    "rejected": "the worse answer",
}


_OF_MIXTURES = {
    "source_id": "the row's own id there, or its place",
    "tokens": "counted as the tokenizer's chat template writes the row",
    "turns": "turns, a system prompt not among them",
    "instruction": "the first user turn",
}
"""Columns that a mixture writes itself."""


def _shape(published: Published) -> str:
    if not published.rows:
        return ""
    if published.makes == "dpo":
        return lengths(published.preferences)
    turns, characters = published.turns / published.rows, published.characters / published.rows
    return f"On average {turns:.1f} messages and {characters:,.0f} characters a row."


def _columns(pipeline: Pipeline, published: Published) -> Iterator[tuple[str, str, str]]:
    writers: dict[str, str] = {}
    for label, part in labelled_steps(pipeline):
        writers |= {column: label for column in part.writes() if column not in writers}
    born = "source, its own id and texts" if pipeline.mixes else "pipeline, source and index"
    yield code("id"), "string", f"the row's name in the ledger: stable, from {born}"
    yield code("source"), "string", "the dataset the row is from" if pipeline.mixes else "where the row was born"
    for name in TRAINED_ON[pipeline.makes]:
        turns = "list of JSON objects" if published.with_calls else "list of role, content"
        yield code(name), turns, _TRAINED[name] + (", with its function calls" if published.with_calls else "")
    told = {column.name: column for column in kept(pipeline) if column.gate}
    for column, kind in published.columns.items():
        what = f"written by {code(writers[column]) if column in writers else 'the source'}"
        if pipeline.mixes:
            what = _OF_MIXTURES.get(column, "of the source")
        if column in told:
            what = f"{code(told[column].key)} as the gate {code(told[column].gate)} told it"
        yield code(column), named(kind), what


def _example(published: Published) -> tuple[str, bool]:
    if published.example is None:
        return "", False
    shown = _short(published.example)
    return fence(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode(), "json"), shown != published.example


def _short(value: Any) -> Any:
    match value:
        case str() if len(value) > _EXAMPLE_TEXT:
            return value[:_EXAMPLE_TEXT] + "…"
        case dict():
            return {name: _short(one) for name, one in value.items()}
        case list():
            return [_short(one) for one in value[:10]]
    return value


# ---------------------------------------------------------------- how it was made


def _steps(pipeline: Pipeline) -> Iterator[tuple[str, str, str, str]]:
    steps = labelled_steps(pipeline)
    if not pipeline.mixes and all(part is not pipeline.source.part for _, part in steps):
        yield code(pipeline.source.name), "source", "", _codes(pipeline.born_with - BORN_WITH)
    for label, part in steps:
        is_source = part is pipeline.source.part
        what = "a distilabel step" if isinstance(part, Stock) else "source" if is_source else "step"
        unknown = isinstance(part, Stock) and part.columns is None
        yield code(label), what, _codes(part.engines()), "not known beforehand" if unknown else _codes(part.writes())


def _engines(pipeline: Pipeline) -> Iterator[tuple[str, str, str]]:
    for name, placed in pipeline.engines.items():
        engine = placed.part
        licence = getattr(engine, "licence", None) or NOT_STATED
        yield code(name), inline(redact(engine.plan())), inline(licence)


def _gates(pipeline: Pipeline) -> Iterator[tuple[str, str]]:
    for label, gate in labelled_gates(pipeline):
        settings = gate.model_dump(mode="json", exclude_unset=True)
        yield code(label), ", ".join(code(f"{k}: {redact(orjson.dumps(v).decode())}") for k, v in settings.items())


def _pipeline(pipeline: Pipeline) -> str:
    text = redact_yaml(pipeline.text)
    if len(text) > _PIPELINE_TEXT:
        text = text[:_PIPELINE_TEXT] + "\n# ... (cut here; the whole file is pipeline.yaml in the run folder)"
    return fence(text, "yaml")


# ---------------------------------------------------------------- the books


def _ledger(books: Books) -> str:
    names = ["born", "accepted", "rejected", "failed", *(["pending"] if books.pending else [])]
    return table(names, [[f"{getattr(books, name):,}" for name in names]], right=len(names))


def _reasons(books: Books) -> Iterator[tuple[str, str, str, str]]:
    for fate, where, reason, rows in books.reasons:
        yield fate, code(where), code(reason), f"{rows:,}"


def _ending(books: Books, mixes: bool) -> str:
    awaited = f" {books.awaited:,} of the accepted rows are still to be looked at by people." if books.awaited else ""
    return f"{_ended(books, mixes)}{awaited}"


def _ended(books: Books, mixes: bool) -> str:
    if books.state == "stopped":
        asked = f" of the {books.target:,} it was asked for" if books.target else ""
        return f"The run stopped with {books.accepted:,} accepted rows{asked}: {inline(books.why) or 'a ceiling'}."
    if books.pending:
        return f"The run is complete, its review is not: {books.pending:,} rows are held back until people answer them."
    if books.target and books.accepted < books.target <= books.reached:
        away = books.reached - books.accepted
        return f"The run is complete: people turned {away:,} of the {books.target:,} rows away that it was asked for."
    if mixes:
        return "The mixture is complete: every source gave the rows it was asked for."
    asked = f"the {books.target:,} accepted rows it was asked for are there" if books.target else "every row was tried"
    return f"The run is complete: {asked}."


def _decontamination(pipeline: Pipeline, books: Books) -> str:
    checked: dict[tuple[str, str], int] = {}
    for label, gate in labelled_gates(pipeline):
        if isinstance(gate, Decontaminate):
            checked |= {(label, name): 0 for name in gate.names()}
    if not checked:
        return "No benchmark was checked against: this pipeline has no `decontaminate` gate."
    for fate, where, reason, rows in books.reasons:
        if fate == "rejected" and (where, reason.removeprefix("in_")) in checked:
            checked[where, reason.removeprefix("in_")] += rows
    lines = [(code(name), code(label), f"{rows:,}") for (label, name), rows in checked.items()]
    return (
        "Rows that hold a question of these benchmarks were rejected. A row is counted once, under the item it is "
        "nearest to, and rows that an earlier gate turned away were not looked at.\n\n"
        + table(("benchmark", "gate", "rows rejected"), lines, right=1)
    )


def _licences(pipeline: Pipeline, published: Published) -> Iterator[str]:
    whole = pipeline.licence or licences.of_all(one.licence for one in published.sources)
    each = "of each part its own, as follows" if whole == "other" and not pipeline.licence else ""
    yield f"- This dataset: {each or inline(whole or NOT_STATED)}"
    source = pipeline.source
    if pipeline.mixes:
        yield from (f"- {code(one.name)}: {inline(one.licence or NOT_STATED)}" for one in published.sources)
    elif source.part.engines():
        yield "- The source: none; the rows were written by the models above from nothing but their prompts"
    else:
        dataset, path = (getattr(source.part, name, None) for name in ("dataset", "path"))
        place = dataset if isinstance(dataset, str) else Path(path).name if isinstance(path, str) else ""
        name = f"{code(source.name)} {code(place)}" if place else code(source.name)
        yield f"- The source ({name}): {inline(getattr(source.part, 'licence', None) or NOT_STATED)}"
    if pipeline.engines:
        yield "- The models: see the table above; the licence of a model may bind what it wrote"


def _limits(pipeline: Pipeline, books: Books, published: Published) -> Iterator[str]:
    if pipeline.engines:
        yield "The texts were written by machines: they can be wrong, biased or unfit for some readers."
        yield "No person has looked at each row."
    if not pipeline.gates:
        yield "Nothing was filtered: the pipeline has no gates."
    if any(isinstance(gate, Decontaminate) for _, gate in labelled_gates(pipeline)):
        yield "Decontamination finds copies and near copies of questions, not rephrasings or translations."
    else:
        yield "It may hold questions of public benchmarks."
    if books.target and books.accepted < books.target:
        yield f"It is smaller than planned: {books.accepted:,} of {books.target:,} rows."
    if copies := copied(published.sources):
        yield copies
    if published.with_calls:
        yield "Turns are JSON objects, since calls differ in their arguments: `datasets` reads them as its type `Json`."
    if mixed := [code(name) for name, kind in published.columns.items() if kind == "JSON" and name != TOOLS]:
        yield f"Values of {', '.join(mixed)} are of several types or nested, so each is a string of JSON."
    yield "Chat control tokens in texts have a space put in (`<|im_end|>` is `< |im_end|>`), so that they stay text."


def _codes(names: Any) -> str:
    return ", ".join(code(name) for name in sorted(names))
