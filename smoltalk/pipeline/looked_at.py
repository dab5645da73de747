"""Whether the gate `human` has anything to choose rows by: known before the first row is paid for."""

from collections.abc import Iterator, Sequence
from typing import Any

from smoltalk.contracts import Source
from smoltalk.document import Document
from smoltalk.errors import Problem
from smoltalk.gates.human import Human
from smoltalk.pipeline.model import BORN_WITH, TRAINED_ON, Stock
from smoltalk.pipeline.parts import Named, at, told

_TEXTS = BORN_WITH.union(*TRAINED_ON.values(), {"instruction", "response"})
"""Columns that hold no score, whoever writes them."""


def nothing_to_choose_by(document: Document, steps: Sequence[Named], gates: Sequence[Named]) -> Iterator[Problem]:
    """Gates `human` whose `by` no row can answer. What parts of other packages write, nobody can tell beforehand."""
    for gate in gates:
        if isinstance(gate.part, Human) and gate.sound and (found := _lacks(gate.part, document, steps, gates)):
            yield at(document, gate, f"`by: {gate.part.by}` {found[0]}", found[1])


def _lacks(part: Human, document: Document, steps: Sequence[Named], gates: Sequence[Named]) -> tuple[str, str] | None:
    written = _written(document, steps)
    match part.by:
        case "low_margin" if not any(_unsure(other) or _cuts(other.part) for other in gates):
            return "takes rows nearest to a gate's cut, and no gate cuts a score", _hint("at_least: {column: ...}")
        case "per_category" if written is not None and not written & {"category", "source"}:
            return "takes as many rows of each category, and no step writes `category`", _hint("")
        case "disagreement" if written is not None and not any(map(_tells, gates)) and len(written - _TEXTS) < 2:
            scores = sorted(written - _TEXTS)
            only = f"only `{scores[0]}` could be one" if scores else "no column could be one"
            return f"takes rows whose scores lie furthest apart, which takes two, and {only}", _hint("")
    return None


def _written(document: Document, steps: Sequence[Named]) -> frozenset[str] | None:
    """Columns that steps write beside what every row is born with, but for whole replies, which are texts; None where
    a step's columns cannot be told."""
    if document.data.get("mix") is not None:
        return None
    found: frozenset[str] = frozenset()
    for step in steps:
        writes = told(step, "writes", document)
        if isinstance(writes, list) or _unsure(step) or isinstance(step.part, Stock):
            return None
        born = step.part.born_with() if isinstance(step.part, Source) else frozenset()
        texts: Any = getattr(step.part, "texts", frozenset)
        found |= (writes | born) - texts()
    return found


def _unsure(part: Named) -> bool:
    """Whether the part is a guess, or of another package."""
    return part.part is None or not part.sound or not type(part.part).__module__.startswith("smoltalk.")


def _cuts(gate: Any) -> bool:
    return isinstance(getattr(gate, "column", None), str) and hasattr(gate, "quantile")


def _tells(gate: Named) -> bool:
    """Whether a gate tells numbers of the rows that it keeps."""
    return _unsure(gate) or bool(getattr(gate.part, "tells", {}))


def _hint(other: str) -> str:
    gate = f", or a gate such as `{other}`" if other else ""
    return f"`by: random`{gate}"
