"""A pipeline file read whole: every mistake is found before the first is reported."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from smoltalk.described import Described
from smoltalk.document import Document, Key, parse, read_text
from smoltalk.errors import Problem, UserError
from smoltalk.fields import fill, shown
from smoltalk.pipeline import settings as settings_
from smoltalk.pipeline.columns import follow
from smoltalk.pipeline.language import unknown_languages
from smoltalk.pipeline.looked_at import nothing_to_choose_by
from smoltalk.pipeline.model import AnyStep, Makes, Pipeline, Placed, Target, fills_rows
from smoltalk.pipeline.parts import Named, at, named
from smoltalk.pipeline.rehearsal import rehearsed_at
from smoltalk.pipeline.secrets import no_secrets
from smoltalk.redaction import redact_setting

_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]*$")
_READ = {"engines", "steps", "mix", "gates", "rehearsal"}
"""Keys that become parts, or other pipelines."""


class Head(Described):
    """The keys of a pipeline file."""

    name: str = Field(max_length=100, examples=["my-dataset"], json_schema_extra={"pattern": _NAME.pattern})
    """The dataset's name: lower-case letters, digits, `-` and `_`; also its run folder."""
    description: str = ""
    """One sentence on what the dataset is; goes on its card."""
    licence: str | None = None
    """Licence of the data that is made, e.g. `cc-by-4.0`."""
    language: str | None = None
    """Language of the data, as the Hub takes it: `en`; of several, `en, de`."""
    seed: int = Field(default=0, ge=0)
    """Everything drawn at random is drawn from it."""
    makes: Makes = "sft"
    """The form of the dataset: `sft` is one conversation a row, in `messages`; `dpo` a `prompt` with a `chosen` and a
    `rejected` answer."""
    engines: dict[str, Any] = Field(default_factory=dict)
    """The models, each under a name of yours: `teacher: {vllm: {model: ...}}`."""
    target: Target = Target()
    """When the run is done."""
    steps: list[Any]
    """What writes columns, from top to bottom; the first bears the rows."""
    mix: Any = None
    """In place of `engines` and `steps`: datasets to mix into one, and how much of each."""
    gates: list[Any] = Field(default_factory=list)
    """What decides which rows are accepted."""
    keep: tuple[str, ...] = ()
    """Columns that published rows keep beside `messages`, `source` and `id`; what a gate tells of the rows it keeps is
    named `gate.key`: `semantic_duplicate.similarity` becomes column `semantic_duplicate_similarity`."""
    card: str | None = Field(default=None, examples=["card.md.j2"])
    """A jinja2 template for the dataset card, beside this file; it may extend the shipped `dataset.md.j2`."""
    rows_in_flight: int | None = Field(default=None, gt=0)
    """Rows worked on at once at most; bounds memory. Default: 256, or twice the requests that the engines take."""
    rehearsal: dict[str, Any] = Field(default_factory=dict)
    """What `--rehearse` changes, by key path: `engines.teacher: {nano: {}}`, `target.accepted: 12`."""

    @field_validator("name")
    @classmethod
    def _is_a_folder_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            like = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-_") or "my-dataset"
            raise ValueError(f"must be lower-case letters, digits, `-` and `_`, such as `{like}`, not {shown(name)}")
        return name


def load(path: str | Path, settings: Mapping[str, str] | None = None, beside: Path | None = None) -> Pipeline:
    """Read and check a pipeline; no network, no GPU, and only the parts it names are imported.

    `settings` maps key paths to YAML text (`{"target.accepted": "100"}`); `beside` is the folder that relative
    template paths start from, the pipeline's own unless said. Raises `UserError` with every mistake, by line; one that
    a setting made is placed at `--set`, or at the file's `rehearsal:` that says the same.
    """
    path, settings = Path(path), dict(settings or {})
    try:
        return _load(path, settings, beside or path.parent)
    except UserError as error:
        if not settings:
            raise
        raise UserError(_blamed(error, path, settings, beside or path.parent)) from None


def _blamed(error: UserError, path: Path, settings: Mapping[str, str], beside: Path) -> Iterator[Problem]:
    """The problems, placed at the settings without which they are gone."""
    sentences: dict[str, set[str]] = {}
    for left_out in settings:
        try:
            _load(path, {key: value for key, value in settings.items() if key != left_out}, beside)
            sentences[left_out] = set()
        except UserError as other:
            sentences[left_out] = {problem.sentence for problem in other.problems}
    for problem in error.problems:
        made = [key for key in settings if problem.sentence not in sentences[key]]
        if made and (line := rehearsed_at(path, made[0], settings[made[0]])):
            yield replace(problem, path=str(path), line=line)
            continue
        said = " ".join(f"--set {key}={redact_setting(key, settings[key])}" for key in made)
        yield replace(problem, path=said, line=0) if said else problem


def _load(path: Path, settings: dict[str, str], beside: Path) -> Pipeline:
    text = read_text(path, "pipeline")
    document = parse(text, str(path))
    if not isinstance(document.data, dict):
        raise UserError(
            [
                *document.problems,
                document.problem((), f"a pipeline is a mapping (`name: ...`), not {shown(document.data)}"),
            ]
        )
    problems = [*document.problems, *settings_.apply(settings, document)]
    problems += _own_card(document, beside)
    problems += unknown_languages(document)
    head = _head(document, problems)
    problems += _relative_templates(document, beside)

    gates = [named("gates", document, ("gates", i), problems) for i in _keys(document, "gates", list)]
    if document.data.get("mix") is not None:
        from smoltalk.pipeline.mixed import mixed  # what a mixture is made of, which no other pipeline needs

        engines, steps = [], [mixed(document, gates, problems)]
    else:
        engines = [named("engines", document, ("engines", name), problems) for name in _keys(document, "engines", dict)]
        steps = [named("steps", document, ("steps", i), problems) for i in _keys(document, "steps", list)]
    problems += follow(document, engines, steps, gates)
    problems += _two_reviews(document, gates)
    problems += nothing_to_choose_by(document, steps, gates)
    problems += no_secrets(document)
    if problems or head is None:
        raise UserError(dict.fromkeys(problems))
    source, *rest = [_placed(step) for step in steps]
    writers: list[Placed[AnyStep]] = [source, *rest] if fills_rows(source.part) else rest
    return Pipeline(
        path=path,
        text=text,
        settings=settings,
        engines={str(engine.key[1]): _placed(engine) for engine in engines},
        source=source,
        steps=tuple(writers),
        gates=tuple(map(_placed, gates)),
        **{key: getattr(head, key) for key in Head.model_fields.keys() - _READ},
    )


def _two_reviews(document: Document, gates: Iterable[Named]) -> Iterator[Problem]:
    """People decide once, so a second gate of theirs would have nothing to say."""
    for gate in [gate for gate in gates if type(gate.part).__module__ == "smoltalk.gates.human"][1:]:
        yield at(document, gate, f"`{gate.name}` stands here twice", "one gate says how many rows people look at")


def _head(document: Document, problems: list[Problem]) -> Head | None:
    try:
        given = {key: value for key, value in document.data.items() if value is not None}
        given |= {"steps": given.get("steps", [])} if "mix" in given else {}
        return fill(Head, given, document, (), "pipeline")
    except UserError as error:
        problems += error.problems
        return None


def _keys(document: Document, name: str, form: type[Any]) -> Iterable[Any]:
    """Names or indices of the parts under a key; none when it is not of that form, which `Head` has reported."""
    parts = document.data.get(name)
    if not isinstance(parts, form):
        return ()
    return list(parts) if form is dict else range(len(parts))


def _relative_templates(document: Document, folder: Path) -> Iterator[Problem]:
    """`template: my/task.j2` means a file beside the pipeline, wherever the command is given.

    A file that is meant but not named so is told its path, and taken for the checks that follow.
    """
    for key, fields, last in _template_places(document):
        name = fields[last]
        if own := _own_template(name, folder):
            hint = f"write the path, from the pipeline's folder: `{last}: {os.path.relpath(own, folder)}`"
            file = name.endswith(".j2")
            none = f"no template file {folder / name}" if file else f"no template `{name}` in templates/"
            yield document.problem((*key, last), none, hint)
            fields[last] = str(own)
        elif name.endswith(".j2"):
            fields[last] = str(folder / name)


def _own_card(document: Document, folder: Path) -> Iterator[Problem]:
    """What is wrong with a card's template, which is a file beside the pipeline."""
    name = document.data.get("card")
    if not isinstance(name, str):
        return
    document.data["card"] = str(folder / name)
    from smoltalk.prompts.card import card_problems  # jinja2, which a pipeline without templates does not need

    try:
        yield from card_problems(str(folder / name))
    except UserError as error:
        yield from (document.problem(("card",), f"{one.path} {one.sentence}", one.hint) for one in error.problems)


def _template_places(document: Document) -> Iterator[tuple[Key, dict[str, Any], str]]:
    """Where steps name templates: `template: x`, and `template: {column: ..., where: {a: x, b: y}}`."""
    for i in _keys(document, "steps", list):
        step = document.data["steps"][i]
        for part, fields in step.items() if isinstance(step, dict) else ():
            if not isinstance(fields, dict):
                continue
            chosen = fields.get("template")
            if isinstance(chosen, str):
                yield ("steps", i, part), fields, "template"
            where = chosen.get("where") if isinstance(chosen, dict) else None
            if isinstance(where, dict):
                for value in [value for value, name in where.items() if isinstance(name, str)]:
                    yield ("steps", i, part, "template", "where"), where, value


def _own_template(name: str, folder: Path) -> str:
    """The file that is meant by a name that finds none; "" when the name is right, or nobody can tell."""
    from smoltalk import prompts  # jinja2, which a pipeline without templates does not need

    # os.path takes a name that is too long, or holds a NUL, for no file; Path raises.
    if name in prompts.names() or os.path.isfile(folder / name):  # noqa: PTH113
        return ""
    file = name if name.endswith(".j2") else f"{name}.j2"
    places = [base / inner / file for base in (folder, Path()) for inner in ("", "templates")]
    return next((str(place) for place in places if os.path.isfile(place)), "")  # noqa: PTH113


def _placed(part: Named) -> Placed[Any]:
    name = str(part.key[1]) if part.kind == "engines" else part.name
    return Placed(part.part, part.line, name, part.path)
