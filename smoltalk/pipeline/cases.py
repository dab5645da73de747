"""Values that one step writes and for which another has no case: every such row would fail."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smoltalk.document import Document
from smoltalk.errors import Problem, nearest
from smoltalk.pipeline.parts import Named, at


def without_case(document: Document, steps: Sequence[Named]) -> Iterator[Problem]:
    """A step with `cases()` (a column -> the values it is ready for) is held to those that the column is given.

    They are known where the step that writes it says its `values()`, a column -> all that it can be.
    """
    given: dict[str, tuple[Named, frozenset[str]]] = {}
    for step in steps:
        for column, ready in _said(step, "cases").items():
            if column not in given:
                continue
            writer, values = given[column]
            for value in sorted(values - ready):
                sentence = f"`{step.name}` has no case for `{column}: {value}`"
                by = f"`{writer.name}` at line {writer.line} writes it; {nearest(value, ready)}"
                yield at(document, step, sentence, by)
        for column, values in _said(step, "values").items():
            given.setdefault(column, (step, values))


def _said(step: Named, what: str) -> Mapping[str, frozenset[str]]:
    """What the part says; nothing where it is a guess, since a misspelt value says nothing of what is meant."""
    tell: Any = getattr(step.part, what, None) if step.sound else None
    return tell() if callable(tell) else {}
