"""`mix:` of a pipeline file: read, its mistakes by line, and what may not stand beside it."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from smoltalk.contracts import Gate, RowGate
from smoltalk.document import Document
from smoltalk.errors import Problem, UserError, nearest
from smoltalk.fields import fill, meant
from smoltalk.gates.human import Human
from smoltalk.mixture.birth import Mixture
from smoltalk.mixture.here import look
from smoltalk.mixture.mistakes import OURS, TURNS, mistakes, of_all, of_source
from smoltalk.mixture.source import Mix, MixSource
from smoltalk.pipeline.labels import gate_labels
from smoltalk.pipeline.model import Makes
from smoltalk.pipeline.parts import Named, at

KEY = ("mix",)
_BESIDE = {
    "steps": (
        "a mixture's rows are made already",
        "write a second pipeline with `parquet: {path: RUN/data}` as source",
    ),
    "engines": ("no engine is asked for a mixture", "leave it out"),
    "rows_in_flight": ("a mixture's rows are read in stretches", "leave it out"),
}
_TARGET = "how many rows go in is said by `mix`: `rows` with shares, or `count`"
_OURS = {
    f"smoltalk.gates.{name}"
    for name in ("at_least", "one_of", "decontaminate", "exact_duplicate", "near_duplicate", "semantic_duplicate")
}
"""Gates of ours that `smoltalk.mixing` can judge by, beside those that need no memory."""


def mixed(document: Document, gates: Sequence[Named], problems: list[Problem]) -> Named:
    """The source that `mix:` stands for; adds what is wrong to `problems`."""
    data, line = document.data["mix"], document.line(KEY)
    makes: Makes = "dpo" if document.data.get("makes") == "dpo" else "sft"
    problems += _beside(document)
    problems += _gates(document, gates)
    problems += _evidence(document, gates)
    try:
        mix = fill(Mix, data, document, KEY, "mix")
        problems += [document.problem((*KEY, *one.key), one.sentence, one.hint) for one in mistakes(mix, makes)]
    except UserError as error:
        problems += [*_with_hints(error.problems, data), *_of_sound_fields(document, makes)]
        if (found := _as_meant(document)) is None:
            return Named("steps", (), line, "mix", None, False)
        mix = found
    named = (document.data.get(key) for key in ("name", "seed"))
    name, seed = (value if isinstance(value, kind) else kind() for value, kind in zip(named, (str, int), strict=True))
    part = Mixture(mix=mix, name=name, makes=makes, seed=seed, carried=_carried(document, gates, makes))
    sound = all(map(_has_known_columns, mix.sources.values()))
    return Named("steps", (), line, "mix", part, sound)


def _has_known_columns(source: MixSource) -> bool:
    """Whether what no source is said to have is sure to be missing; of the Hub, `columns` must name what is kept."""
    try:
        return source.hub is not None or look(source).columns is not None
    except UserError:
        return False


def _with_hints(problems: Sequence[Problem], data: Any) -> Iterator[Problem]:
    """What is wrong with fields, with what may have been meant where only a mixture can know."""
    from smoltalk.pipeline.load import Head

    hints = {f"no field `{key}` in `mix`": f"`{key}` stands beside `mix:`, not in it" for key in Head.model_fields}
    sources = data.get("sources") if isinstance(data, dict) else None
    for name, fields in sources.items() if isinstance(sources, dict) else ():
        if isinstance(fields, str):
            kind = "run" if Path(fields).is_dir() and (Path(fields) / "run.db").is_file() else "files"
            hints[f"mix.sources.{name}: must be a mapping"] = f"say what it is: `{name}: {{{kind}: {fields}}}`"
    for one in problems:
        hint = next((hint for start, hint in hints.items() if one.sentence.startswith(start)), one.hint)
        yield replace(one, hint=hint)


def _sound_fields(document: Document) -> dict[str, Any]:
    """The fields beside `sources` and `rows` that can be read."""
    data, sound = document.data["mix"], dict[str, Any]()
    for key in data.keys() & Mix.model_fields.keys() - {"sources", "rows"}:
        with suppress(UserError):
            fill(Mix, {"sources": {"any": {}}, key: data[key]}, document, KEY, "mix")
            sound[key] = data[key]
    if "tokenizer" not in sound and "tokenizer" in data:  # it is named, if badly
        sound.pop("max_tokens", None)
    return sound


def _as_meant(document: Document) -> Mix | None:
    """The mixture without what cannot be read, for its columns; None where a mistake may hide one."""
    data = document.data["mix"]
    sources = data.get("sources") if isinstance(data, dict) else None
    if not isinstance(sources, dict) or not all(isinstance(fields, dict) for fields in sources.values()):
        return None
    if data.get("tokenizer") is not None and "tokenizer" not in _sound_fields(document):
        return None
    known = {}
    for name, fields in sources.items():
        unknown = fields.keys() - MixSource.model_fields.keys()
        if any(meant(nearest(str(key), ("columns", "hub", "files", "run"))) for key in unknown):
            return None
        known[name] = {key: value for key, value in fields.items() if key not in unknown}
    with suppress(UserError):
        return fill(Mix, {**_sound_fields(document), "sources": known}, document, KEY, "mix")
    return None


def _of_sound_fields(document: Document, makes: Makes) -> Iterator[Problem]:
    """What is wrong with fields and sources that can be read, where others hide the whole."""
    data = document.data["mix"]
    if not isinstance(data, dict):
        return
    some = fill(Mix, {"sources": {"any": {}}, **_sound_fields(document)}, document, KEY, "mix")
    for one in of_all(some):
        yield document.problem((*KEY, *one.key), one.sentence, one.hint)
    sources = data.get("sources")
    for name, fields in sources.items() if isinstance(sources, dict) else ():
        with suppress(UserError):
            source = fill(MixSource, fields, document, (*KEY, "sources", name), name)
            for one in of_source(name, source, makes):
                yield document.problem((*KEY, *one.key), one.sentence, one.hint)


def _beside(document: Document) -> Iterator[Problem]:
    """Keys that mean nothing to a mixture."""
    for key, (why, hint) in _BESIDE.items():
        if document.data.get(key):
            yield document.problem((key,), f"`{key}` does not go with `mix`: {why}", hint)
    target = document.data.get("target")
    for key in target if isinstance(target, dict) else ():
        if key != "max_failed":
            yield document.problem(("target", key), f"`target.{key}` does not go with `mix`", _TARGET)


def _gates(document: Document, gates: Sequence[Named]) -> Iterator[Problem]:
    """Gates that cannot judge a mixture."""
    for gate in gates:
        if not isinstance(gate.part, Gate) or not gate.sound:
            continue
        if isinstance(gate.part, Human):
            sentence = f"`{gate.name}` looks at rows when a run is through, and those of a mixture were made elsewhere"
            yield at(document, gate, sentence, "put it into the pipelines of the runs that are mixed")
        elif gate.part.calibrates_on():
            sentence = f"`{gate.name}` would place its cut by the first rows, and a mixture has no first rows"
            yield at(document, gate, sentence, "give it a `value`")
        elif not isinstance(gate.part, RowGate) and type(gate.part).__module__ not in _OURS:
            sentence = f"`{gate.name}` remembers earlier rows, and a mixture is judged by many threads at once"
            hint = "only gates that judge a row by itself, and those of duplicates and benchmarks"
            yield at(document, gate, sentence, hint)


def _evidence(document: Document, gates: Sequence[Named]) -> Iterator[Problem]:
    """What gates tell of rows they keep is not published."""
    keep = document.data.get("keep")
    labels = set(gate_labels((gate.name, gate.part) for gate in gates))
    for place, entry in enumerate(keep if isinstance(keep, list) else ()):
        if isinstance(entry, str) and entry.rpartition(".")[0] in labels:
            sentence = f"`keep` names `{entry}`, and a mixture does not publish what gates tell"
            yield document.problem(("keep", place), sentence, "leave it out")


def _carried(document: Document, gates: Sequence[Named], makes: Makes) -> tuple[str, ...]:
    """Columns that rows need beside their turns, in the file's order."""
    keep = document.data.get("keep")
    kept = [one for one in keep if isinstance(one, str)] if isinstance(keep, list) else []
    labels = set(gate_labels((gate.name, gate.part) for gate in gates))
    read = [column for gate in gates if isinstance(gate.part, Gate) for column in sorted(gate.part.reads())]
    ours: set[Any] = {*OURS, "instruction", *TURNS[makes]}
    return tuple(
        dict.fromkeys(one for one in (*kept, *read) if one not in ours and one.rpartition(".")[0] not in labels)
    )
