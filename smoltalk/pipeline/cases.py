"""Values that one part writes and another does not know, or waits for in vain: misspelt, where all values are known."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from smoltalk.document import Document, Key
from smoltalk.errors import Problem, nearest
from smoltalk.pipeline.model import Stock
from smoltalk.pipeline.parts import Named, at, told

_VERDICTS = frozenset({"pass", "fail", "unknown"})
"""What a verifier can say (`contracts.Outcome`)."""

_Given = Mapping[str, tuple[Named, frozenset[str]]]
"""A column, the step that writes it, and all that it can be, as text."""


def without_case(document: Document, steps: Sequence[Named]) -> Iterator[Problem]:
    """A step with `cases()` (a column -> the values it is ready for) is held to those that the column is given.

    They are known where the step that writes it says its `values()`, a column -> all that it can be.
    """
    given = _given(document, steps)
    for i, step in enumerate(steps):
        for column, ready in _said(step, "cases").items():
            if column not in given or given[column][0] not in steps[:i]:
                continue
            writer, values = given[column]
            for value in sorted(values - ready):
                sentence = f"`{step.name}` has no case for `{column}: {value}`"
                by = f"`{writer.name}` at line {writer.line} writes it; {nearest(value, ready)}"
                yield at(document, step, sentence, by)


def never_there(document: Document, steps: Sequence[Named], gates: Sequence[Named]) -> Iterator[Problem]:
    """Values that a part picks rows by, `values` of a gate and `only` of any part, and that the column never has."""
    given = _given(document, steps)
    for part in (*steps, *gates):
        for key, column, value in _picked(document, part):
            if column not in given or _text(value) in given[column][1]:
                continue
            writer, values = given[column]
            hint = f"`{writer.name}` at line {writer.line} writes {_or(values)}"
            if (near := nearest(_text(value), values)).startswith("did you mean"):
                hint = f"{near} {hint}"
            yield document.problem(key, f"`{part.name}` picks `{column}: {_text(value)}`, which no row has", hint)


def _given(document: Document, steps: Sequence[Named]) -> _Given:
    given: dict[str, tuple[Named, frozenset[str]]] = {}
    for step in steps:
        writes = told(step, "writes", document)
        for column, values in [*_said(step, "values").items(), *_verdicts(step, writes)]:
            given.setdefault(column, (step, values))
    return given


def _verdicts(step: Named, writes: object) -> Iterator[tuple[str, frozenset[str]]]:
    """Columns with a verifier's word: those that stand beside a reason."""
    if step.sound and getattr(step.part, "verifier", None) and isinstance(writes, frozenset):
        yield from ((column, _VERDICTS) for column in writes if f"{column}_reason" in writes)


def _picked(document: Document, part: Named) -> Iterator[tuple[Key, str, object]]:
    """Where the part names a value of a column: its place, the column, the value."""
    if not part.sound or isinstance(part.part, Stock):
        return
    key, fields = (*part.key, part.name), _at(document, (*part.key, part.name))
    if part.kind == "gates" and isinstance(fields, dict) and isinstance(fields.get("values"), list):
        yield from (((*key, "values", i), str(fields.get("column")), one) for i, one in enumerate(fields["values"]))
    yield from _only(fields, key)


def _only(fields: object, key: Key) -> Iterator[tuple[Key, str, object]]:
    """The same of every `only`, that of a verifier within a step too."""
    for name, value in fields.items() if isinstance(fields, dict) else ():
        if name == "only" and isinstance(value, dict):
            for column, wanted in value.items():
                for one in wanted if isinstance(wanted, list) else [wanted]:
                    yield (*key, "only", column), str(column), one
        else:
            yield from _only(value, (*key, name))


def _at(document: Document, key: Key) -> Any:
    found = document.data
    for name in key:
        found = found[name]
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _or(values: Iterable[str]) -> str:
    shown = [f"`{value}`" if len(value) <= 40 else f"`{value[:40]} …`" for value in sorted(values)]
    return " or ".join([", ".join(shown[:7]), f"{len(shown) - 7} more"] if len(shown) > 8 else [*_joined(shown)])


def _joined(shown: Sequence[str]) -> list[str]:
    return [", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else list(shown)


def _said(step: Named, what: str) -> Mapping[str, frozenset[str]]:
    """What the part says; nothing where it is a guess, since a misspelt value says nothing of what is meant."""
    tell: Any = getattr(step.part, what, None) if step.sound else None
    return tell() if callable(tell) else {}
