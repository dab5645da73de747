"""A task is one file in `templates/`: what to ask, as jinja2, and what must come back, in its header.

    ---
    description: how clear is a user's question?
    returns: {explanation: str, quality: [poor, average, good]}
    example: {instruction: "Write a haiku about rain"}
    ---
    Rate this question: {{ instruction }}

`returns` maps each column to `str`, `int`, `float`, `bool` or a list of labels, and the reply must be one JSON object;
`returns: text` with `column: name` keeps the whole reply. The optional `system` is jinja2 too.
"""

import json
import os
import re
import sys
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

from jinja2 import StrictUndefined, TemplateSyntaxError, meta, nodes
from jinja2 import Template as Jinja
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field

from smoltalk.catalog import data_folder
from smoltalk.document import Document, parse, read_text
from smoltalk.errors import BadReply, Problem, RowFailed, UserError, nearest
from smoltalk.fields import fill
from smoltalk.rows import Message, Row, message
from smoltalk.text import neutralise

Label = str | int | bool
Returns = Literal["str", "int", "float", "bool"] | list[Label]

_JSON = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_MAX_INT = 2**63
"""Parquet's integers have 64 bits."""

_MAX_STARTS = 64
"""How many `{` of a reply are tried as the start of its JSON object."""


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals = {"range": environment.globals["range"]}
    return environment


_JINJA = _environment()
_DECODER = json.JSONDecoder(object_pairs_hook=lambda pairs: _object(pairs))


class Header(BaseModel):
    """What stands between the `---` lines."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = ""
    returns: Literal["text"] | dict[str, Returns]
    column: str | None = None
    system: str | None = None
    example: dict[str, Any] = Field(default_factory=dict)


class Template:
    """One template, compiled. Raises `UserError` with every mistake in its file."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self.text = read_text(path, "template")
        document, self.body, body_line = _split(self.text, str(path))
        problems = list(document.problems)
        sources = {"body": (self.body, body_line)}
        try:
            self.header = fill(Header, document.data, document, (), "header")
            problems += _header_problems(self.header, document)
            if self.header.system is not None:
                sources["system"] = (self.header.system, document.line(("system",)))
        except UserError as error:
            problems += error.problems
        self._compiled: dict[str, Jinja] = {}
        found: set[str] = set()
        for part, (source, line) in sources.items():
            try:
                tree = _JINJA.parse(source)
                problems += [
                    Problem(str(path), line + node.lineno - 1, "a template stands alone: it cannot include another")
                    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))
                ]
                self._compiled[part] = _JINJA.from_string(source)
                found |= meta.find_undeclared_variables(tree)
            except TemplateSyntaxError as error:
                problems.append(Problem(str(path), line + error.lineno - 1, f"not jinja2: {error.message}"))
        if problems:
            raise UserError(problems)
        self._variables = frozenset(found) - set(_JINJA.globals)

    @property
    def description(self) -> str:
        return self.header.description

    @property
    def example(self) -> Row:
        """A row the template can be tried on."""
        return dict(self.header.example)

    def variables(self) -> frozenset[str]:
        """The columns it reads."""
        return self._variables

    def writes(self) -> frozenset[str]:
        """The columns `parse` gives back."""
        if self.header.returns == "text":
            return frozenset({str(self.header.column)})
        return frozenset(self.header.returns)

    def identity(self) -> dict[str, Any]:
        """What, when edited, changes the question or what is kept of the reply."""
        return self.header.model_dump(mode="json", include={"returns", "column", "system"}) | {"body": self.body}

    def render(self, row: Mapping[str, Any]) -> list[Message]:
        """The question about this row. Raises `RowFailed` when the template cannot be filled from it."""
        try:
            turns = []
            if "system" in self._compiled:
                turns.append(message("system", _fill(self._compiled["system"], row)))
            turns.append(message("user", _fill(self._compiled["body"], row)))
            return turns
        except Exception as error:  # a template is the user's program: whatever it raises is this row's failure
            raise RowFailed("template", f"{self.name}: {type(error).__name__}: {error}"[:500]) from error

    @cached_property
    def _schema(self) -> dict[str, Any] | None:
        if self.header.returns == "text":
            return None
        columns = {
            c: {"enum": r} if isinstance(r, list) else {"type": _JSON[r]} for c, r in self.header.returns.items()
        }
        return {"type": "object", "properties": columns, "required": list(columns), "additionalProperties": False}

    def schema(self) -> dict[str, Any] | None:
        """JSON schema of the reply; None when it is plain text."""
        return self._schema

    def parse(self, text: str) -> Row:
        """The reply as columns. Raises `BadReply`: `empty`, `unparseable` (not one JSON object) or `schema`."""
        if not text.strip():
            raise BadReply("empty")
        returns = self.header.returns
        if returns == "text":
            return {str(self.header.column): neutralise(text.strip())}
        reply = _one_object(text)
        if missing := [c for c in returns if c not in reply]:
            raise BadReply("schema", f"`{missing[0]}` is missing")
        if extra := [c for c in reply if c not in returns]:
            raise BadReply("schema", f"`{extra[0]}` was not asked for")
        return {column: _value(column, reply[column], kind) for column, kind in returns.items()}


def _fill(template: Jinja, row: Mapping[str, Any]) -> str:
    """`template.render(row)` without jinja2's bookkeeping of globals for each row: most of the cost of a small one."""
    context = _JINJA.context_class(_JINJA, {**_JINJA.globals, **row}, template.name, template.blocks)
    return "".join(template.root_render_func(context))


def find(name: str, beside: Path | None = None) -> Template:
    """The template of that name in `templates/`, or at a path that ends in `.j2` (relative to `beside`).

    Raises `UserError`; for an unknown name its problem has no path, since only the caller knows where the name stands.
    """
    if name.endswith(".j2"):
        path = (beside or Path()) / name
        if not os.path.isfile(path):  # noqa: PTH113 (Path raises for a name that is too long)
            raise UserError([Problem("", 0, f"no template file {path}")])
        return _compiled(name, path, path.stat().st_mtime_ns)
    return _shipped(name)


@cache
def names() -> tuple[str, ...]:
    """Every template that ships, sorted."""
    return tuple(sorted(p.stem for p in data_folder("templates").glob("*.j2")))


@cache
def _shipped(name: str) -> Template:
    if name not in names():
        raise UserError([Problem("", 0, f"no template `{name}` in templates/", nearest(name, names()))])
    return Template(name, data_folder("templates") / f"{name}.j2")


@cache
def _compiled(name: str, path: Path, changed: int) -> Template:
    return Template(name, path)


def _split(text: str, path: str) -> tuple[Document, str, int]:
    """Header, body and the body's first line."""
    lines = text.splitlines(keepends=True)
    ends = [i for i, line in enumerate(lines) if line.rstrip() == "---"]
    if len(ends) < 2 or ends[0] != 0:
        raise UserError([Problem(path, 1, "a template starts with a header between two `---` lines")])
    document = parse("".join(lines[1 : ends[1]]), path, first_line=2)
    body = "".join(lines[ends[1] + 1 :])
    blank = len(body) - len(body.lstrip("\n"))
    return document, body.strip("\n"), ends[1] + 2 + blank


def _header_problems(header: Header, document: Document) -> list[Problem]:
    problems = []
    if header.returns == "text" and not header.column:
        problems.append(
            document.problem(("returns",), "`returns: text` needs `column`, the column that keeps the reply")
        )
    if header.returns != "text":
        if header.column is not None:
            problems.append(document.problem(("column",), "`column` goes with `returns: text` only"))
        if not header.returns:
            problems.append(document.problem(("returns",), "`returns` names no column"))
        for column, kind in header.returns.items():
            if isinstance(kind, list) and (not kind or len(set(map(repr, kind))) != len(kind)):
                problems.append(
                    document.problem(("returns", column), f"the labels of `{column}` must be distinct, one at least")
                )
    where = (
        {str(header.column): ("column",)} if header.returns == "text" else dict.fromkeys(header.returns, ("returns",))
    )
    for column in sorted({"id", "source"} & where.keys()):
        sentence = f"column `{column}` belongs to the row and cannot be written"
        problems.append(document.problem(where[column], sentence))
    return problems


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is there twice")
    return result


def _one_object(text: str) -> dict[str, Any]:
    """The single JSON object in a reply, with or without fences and prose around it."""
    found: list[dict[str, Any]] = []
    start = text.find("{")
    for _ in range(_MAX_STARTS):
        if start < 0:
            break
        try:
            value, end = _DECODER.raw_decode(text, start)
            found.append(value)
        except (ValueError, RecursionError):
            end = start + 1
        start = text.find("{", end)
    if len(found) != 1:
        raise BadReply("unparseable", f"{len(found) or 'no'} JSON objects in the reply")
    return found[0]


def _value(column: str, value: Any, kind: Returns) -> Any:
    if isinstance(kind, list):
        if any(type(label) is type(value) and label == value for label in kind):
            return value
        raise BadReply("schema", f"`{column}` is {_short(value)}, not one of its labels")
    if kind == "str" and isinstance(value, str):
        return neutralise(value)
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind in ("int", "float") and isinstance(value, int | float) and not isinstance(value, bool):
        if kind == "int" and abs(value) < _MAX_INT and value == int(value):  # JSON schema calls 5.0 an integer too
            return int(value)
        if kind == "float" and abs(value) <= sys.float_info.max:
            return float(value)
    raise BadReply("schema", f"`{column}` is {_short(value)}, not of type {_JSON[kind]}")


def _short(value: Any) -> str:
    return re.sub(r"\s+", " ", json.dumps(value, default=str))[:80]
