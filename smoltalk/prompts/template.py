"""One template, compiled: a row in, a question out; a reply in, columns or a typed refusal out."""

import json
import os
import re
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, meta, nodes
from jinja2 import Template as Jinja
from jinja2.sandbox import ImmutableSandboxedEnvironment

from smoltalk.catalog import data_folder
from smoltalk.document import Document, parse, read_text
from smoltalk.errors import BadReply, Problem, RowFailed, UserError, nearest
from smoltalk.fields import fill
from smoltalk.prompts.dialogue import dialogue
from smoltalk.prompts.header import Header, Label, header_problems
from smoltalk.prompts.pattern import Pattern
from smoltalk.prompts.replies import columns, plain, schema_of
from smoltalk.requests import Request, Sampling
from smoltalk.rows import Message, Row, message


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, finalize=_written)
    environment.globals = {"range": environment.globals["range"]}
    environment.filters["tojson"] = _json
    return environment


def _written(value: Any) -> Any:
    """Lists and mappings as JSON, which models know better than Python's way of writing them."""
    return _json(value) if isinstance(value, dict | list | tuple) else value


def _json(value: Any, indent: int | None = None) -> str:
    """The filter `tojson`; jinja2's own writes `<`, `&` and `'` for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


_JINJA = _environment()
_CLOSING = re.compile(r"</(\w+)")


class _Inserted:
    """What a template makes of a column's value: JSON of lists and mappings, and no text ends the tag it stands in.

    Where the template itself writes `</answer>`, an inserted one becomes `&lt;/answer>`, also in other case and with
    spaces: what stands behind it would speak to the model in the template's own voice.
    """

    def __init__(self, source: str) -> None:
        names = "|".join(sorted(set(_CLOSING.findall(source))))
        self._ending = re.compile(rf"<(?=\s{{0,9}}/\s{{0,9}}(?:{names})\b)", re.IGNORECASE) if names else None

    def __call__(self, value: Any) -> Any:
        value = _written(value)
        return self._ending.sub("&lt;", value) if self._ending and isinstance(value, str) and "<" in value else value


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
            problems += header_problems(self.header, document)
            if self.header.system is not None:
                sources["system"] = (self.header.system, document.line(("system",)))
        except UserError as error:
            problems += error.problems
        jinja = _JINJA.overlay(finalize=_Inserted("".join(source for source, _ in sources.values())))
        self._compiled: dict[str, Jinja] = {}
        found: set[str] = set()
        for part, (source, line) in sources.items():
            try:
                tree = _JINJA.parse(source)
                problems += [
                    Problem(str(path), line + node.lineno - 1, "a template stands alone: it cannot include another")
                    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))
                ]
                self._compiled[part] = jinja.from_string(source)
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
        return frozenset({self.header.whole} if self.header.whole else self.header.returns)

    def json_columns(self) -> frozenset[str]:
        """Those of `writes` that hold any JSON value, another in every row."""
        returns = self.header.returns
        return (
            frozenset(c for c, kind in returns.items() if kind == "json") if isinstance(returns, dict) else frozenset()
        )

    def labels(self) -> dict[str, list[Label]]:
        """Those of `writes` that are one of some labels."""
        if isinstance(self.header.returns, dict):
            return {c: kind for c, kind in self.header.returns.items() if isinstance(kind, list)}
        return {str(self.header.whole): list(self.header.choice)} if self.header.choice else {}

    def texts(self) -> frozenset[str]:
        """Those of `writes` that are a whole reply in no certain form, and so nothing that could be a score."""
        free = self.header.whole and not self.header.regex and not self.header.choice
        return frozenset({str(self.header.whole)}) if free else frozenset()

    def identity(self) -> dict[str, Any]:
        """What, when edited, changes the question or what is kept of the reply."""
        fields = self.header.model_dump(mode="json", include={"returns", "column", "system"}) | {"body": self.body}
        form = {"regex": self.header.regex, "choice": self.header.choice}
        return fields | {name: value for name, value in form.items() if value is not None}

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

    def request(self, row: Mapping[str, Any], sampling: Sampling) -> Request:
        """The question about this row, and the form its reply must have. Raises `RowFailed` as `render` does."""
        schema, regex, choice = self._form
        return Request(self.render(row), sampling, "assistant", schema, 0, regex, choice)

    @cached_property
    def _form(self) -> tuple[dict[str, Any] | None, str | None, tuple[str, ...]]:
        return self._schema, self.header.regex, tuple(self.header.choice or ())

    @cached_property
    def _pattern(self) -> Pattern | None:
        return None if self.header.regex is None else Pattern(self.header.regex)

    @cached_property
    def _schema(self) -> dict[str, Any] | None:
        returns = self.header.returns
        return schema_of(returns) if isinstance(returns, dict) else None

    def schema(self) -> dict[str, Any] | None:
        """JSON schema of the reply; None when it is plain text or a dialogue."""
        return self._schema

    def parse(self, text: str) -> Row:
        """The reply as columns.

        Raises `BadReply`: `empty`, `unparseable` (not one JSON object) or `schema`, saying what was expected.
        """
        if not text.strip():
            raise BadReply("empty")
        header = self.header
        if isinstance(header.returns, dict):
            return columns(text, header.returns)
        if header.returns == "messages":
            return {str(header.whole): dialogue(text)}
        return {self._whole: plain(text, self._pattern, header.regex, header.choice)}

    @cached_property
    def _whole(self) -> str:
        return str(self.header.whole)


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
