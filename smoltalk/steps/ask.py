"""Ask an engine one question about a row, written as a template, and keep the reply as columns."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from smoltalk import prompts
from smoltalk.asking_step import AsksOne
from smoltalk.contracts import Ask as Asking
from smoltalk.described import Described
from smoltalk.errors import BadReply, Problem, RowFailed, UserError, nearest
from smoltalk.requests import Reply, Sampling
from smoltalk.rows import Row


class Chosen(Described):
    """A template for each value of a column; all of them write the same columns."""

    column: str = Field(min_length=1)
    """The column that says which."""
    where: dict[str, str] = Field(min_length=1)
    """Its values, and the template for each: a name in `templates/`, or the path of a `.j2` file."""


class Ask(AsksOne):
    """Renders `template` with the row, asks, and parses the reply into the columns the template's header names."""

    engine_kind: ClassVar[str] = "completes"
    looks_up: ClassVar[tuple[str, ...]] = ("_templates",)

    template: str | Chosen
    """A name in `templates/`, or the path of a `.j2` file relative to the pipeline's file; or one for each value of a
    column: `{column: task, where: {math: persona_math, code: persona_code}}`."""
    rename: dict[str, str] = Field(default_factory=dict)
    """The template's columns that are kept under another name: `{response: long_answer}`."""
    sampling: Sampling = Field(default_factory=Sampling)
    attempts: int = Field(default=3, ge=1)
    """How often a row is asked before it is given up."""

    def check(self) -> Iterator[str]:
        first, *others = self._templates.values()
        for other in others:
            if differing := sorted(first.writes() ^ other.writes()):
                columns = ", ".join(f"`{c}` ({first.name if c in first.writes() else other.name})" for c in differing)
                yield f"the templates of `where` must write the same columns; only one of two writes {columns}"
        written = frozenset().union(*(template.writes() for template in self._templates.values()))
        for column in self.rename:
            if column not in written:
                yield f"`rename` names column `{column}`, which the template does not write; {nearest(column, written)}"
        if len(self.writes()) < len(written):
            yield "`rename` gives two columns one name"

    def reads(self) -> frozenset[str]:
        """What any of the templates reads: a row waits for all of it, whichever it is asked with."""
        chosen = {self.template.column} if isinstance(self.template, Chosen) else frozenset()
        return frozenset(chosen).union(*(template.variables() for template in self._templates.values()))

    def writes(self) -> frozenset[str]:
        return self._renamed(frozenset().union(*(template.writes() for template in self._templates.values())))

    def json_columns(self) -> frozenset[str]:
        """Columns it writes that hold any JSON value, another in every row."""
        return self._renamed(frozenset().union(*(template.json_columns() for template in self._templates.values())))

    def texts(self) -> frozenset[str]:
        """Columns it writes that are whole replies in no certain form: no scores."""
        return self._renamed(frozenset().union(*(template.texts() for template in self._templates.values())))

    def cases(self) -> dict[str, frozenset[str]]:
        """The column that chooses the template, and the values for which there is one."""
        return {self.template.column: frozenset(self.template.where)} if isinstance(self.template, Chosen) else {}

    def values(self) -> dict[str, frozenset[str]]:
        """Columns that can only be one of some labels, and these as text."""
        found: dict[str, frozenset[str]] = {}
        for template in self._templates.values():
            for column, labels in template.labels().items():
                kept = self.rename.get(column, column)
                found[kept] = found.get(kept, frozenset()) | {_text(label) for label in labels}
        return found

    def says(self) -> Mapping[str, str]:
        return {template.name: template.text for template in self._templates.values()}

    def identity(self) -> dict[str, Any]:
        """Templates count by their text, not by their name."""
        fields = self.model_dump(mode="json", exclude={"engine", "template", "attempts", "rename"})
        if self.rename:
            fields["rename"] = self.rename
        if isinstance(self.template, str):
            return fields | {"template": self._templates[""].identity()}
        texts = {value: template.identity() for value, template in self._templates.items()}
        return fields | {"template": {"column": self.template.column, "where": texts}}

    async def write(self, row: Row, ask: Asking) -> Row:
        engine, sampling, attempts, rename = self._asking
        template = self._template_for(row)
        for column in self._variables[template.name]:
            if row.get(column) is None:
                raise RowFailed("missing", f"column `{column}` holds nothing to ask about")
        request = template.request(row, sampling)

        def parse(reply: Reply) -> Row:
            if reply.finish == "length":
                raise BadReply("truncated", f"cut off after {reply.tokens_out} tokens")
            columns = template.parse(reply.text)
            return {rename.get(name, name): value for name, value in columns.items()} if rename else columns

        return await ask(engine, request, parse, attempts=attempts)

    @cached_property
    def _asking(self) -> tuple[str, Sampling, int, dict[str, str]]:
        """At hand for every row: pydantic looks a field up in several steps."""
        return self.engine, self.sampling, self.attempts, self.rename

    def _template_for(self, row: Row) -> prompts.Template:
        """Raises `RowFailed` when the row's value of the column has no template."""
        if isinstance(self.template, str):
            return self._templates[""]
        value = row.get(self.template.column)
        template = self._templates.get(_text(value))
        if template is None:
            known = ", ".join(self.template.where)
            said = f"column `{self.template.column}` is {json.dumps(value, default=str):.80}, not one of {known:.200}"
            raise RowFailed("no_template", said)
        return template

    def _renamed(self, columns: frozenset[str]) -> frozenset[str]:
        return frozenset(self.rename.get(column, column) for column in columns)

    @cached_property
    def _templates(self) -> Mapping[str, prompts.Template]:
        """By the value of the column; a lone one under "". Raises `UserError` with all that cannot be found."""
        if isinstance(self.template, str):
            return {"": prompts.find(self.template)}
        found: dict[str, prompts.Template] = {}
        problems: list[Problem] = []
        for value, name in self.template.where.items():
            try:
                found[value] = prompts.find(name)
            except UserError as error:
                problems += error.problems
        if problems:
            raise UserError(dict.fromkeys(problems))
        return found

    @cached_property
    def _variables(self) -> dict[str, tuple[str, ...]]:
        return {template.name: tuple(sorted(template.variables())) for template in self._templates.values()}


def _text(value: Any) -> str:
    """A column's value as a key of `where`."""
    return value if isinstance(value, str) else json.dumps(value, default=str)
