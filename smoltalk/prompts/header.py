"""The header of a template: what must come back."""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from smoltalk.document import Document
from smoltalk.errors import Problem
from smoltalk.prompts.pattern import Pattern

Label = str | int | bool
Kind = Literal["str", "int", "float", "bool", "list[str]", "json", "messages"]
Returns = Kind | list[Label]

_KINDS = frozenset({"str", "int", "float", "bool", "list[str]", "json", "messages"})


class Header(BaseModel):
    """What stands between the `---` lines."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = ""
    returns: Literal["text", "messages"] | dict[str, Returns]
    column: str | None = None
    regex: str | None = None
    choice: list[str] | None = None
    system: str | None = None
    example: dict[str, Any] = Field(default_factory=dict)

    @property
    def whole(self) -> str | None:
        """The column that keeps the whole reply; None where the reply is a JSON object of columns."""
        if isinstance(self.returns, dict):
            return None
        return self.column or ("messages" if self.returns == "messages" else None)


def header_problems(header: Header, document: Document) -> list[Problem]:
    """What the fields alone cannot show, by line."""
    problems = [*_form_problems(header, document)]
    if header.returns == "text" and not header.column:
        problems.append(
            document.problem(("returns",), "`returns: text` needs `column`, the column that keeps the reply")
        )
    if isinstance(header.returns, dict):
        if header.column is not None:
            sentence = "`column` goes with `returns: text` and `returns: messages` only"
            problems.append(document.problem(("column",), sentence))
        if not header.returns:
            problems.append(document.problem(("returns",), "`returns` names no column"))
        problems += [p for column, kind in header.returns.items() for p in _label_problems(column, kind, document)]
    where = {header.whole: ("column",)} if header.whole else dict.fromkeys(header.returns, ("returns",))
    for column in sorted({"id", "source"} & where.keys()):
        sentence = f"column `{column}` belongs to the row and cannot be written"
        problems.append(document.problem(where[column], sentence))
    return problems


def _label_problems(column: str, kind: Returns, document: Document) -> Iterator[Problem]:
    if not isinstance(kind, list):
        return
    if not kind or len(set(map(repr, kind))) != len(kind):
        yield document.problem(("returns", column), f"the labels of `{column}` must be distinct, one at least")
    elif len(kind) == 1 and kind[0] in _KINDS:
        sentence = f"`{column}` could only ever be the label `{kind[0]}`"
        hint = f'a list of texts is `{column}: "list[str]"`' if kind[0] == "str" else f"write `{column}: {kind[0]}`"
        yield document.problem(("returns", column), sentence, hint)


def _form_problems(header: Header, document: Document) -> Iterator[Problem]:
    for name in ("regex", "choice"):
        if getattr(header, name) is not None and header.returns != "text":
            hint = "a column of a JSON reply takes a list of labels: `returns: {answer: [yes, no]}`"
            yield document.problem((name,), f"`{name}` goes with `returns: text` only", hint)
    if header.regex is not None and header.choice is not None:
        yield document.problem(("choice",), "a reply has one form: `regex` or `choice`, not both")
    if header.regex is not None:
        try:
            Pattern(header.regex)
        except ValueError as error:
            yield document.problem(("regex",), f"`regex` cannot be used: {error}")
    labels = header.choice
    if labels is not None and (not labels or len(set(labels)) != len(labels)):
        yield document.problem(("choice",), "the texts of `choice` must be distinct, one at least")
    for label in labels or ():
        if label != label.strip() or not label:
            yield document.problem(("choice",), f"`choice` has {label!r}: a reply never begins or ends with a space")
