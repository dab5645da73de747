"""The DAG of a pipeline as a Mermaid flowchart: its edges are columns, as the executor draws them."""

import re
from collections.abc import Iterable, Iterator

from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.labels import labelled_gates, labelled_steps
from smoltalk.pipeline.model import BORN_WITH

_SHOWN = 4
"""Columns named on one edge."""
_SPECIAL = re.compile(r"[^\w .,:;()'/+=-]")


def picture(pipeline: Pipeline) -> str:
    """Steps from the source down, then the gates in their order, then where rows end."""
    return "\n".join(["flowchart TD", *(f"  {line}" for line in _lines(pipeline))])


def _lines(pipeline: Pipeline) -> Iterator[str]:
    steps, source = labelled_steps(pipeline), pipeline.source
    writer = dict.fromkeys(pipeline.born_with, "source")
    ends = ["source"]
    own = all(part is not source.part for _, part in steps)
    if own:
        yield f"source([{quoted(source.name.rpartition('.')[2])}])"
    for number, (label, part) in enumerate(steps, 1):
        node = f"step{number}" if own or part is not source.part else "source"
        asks = [f"asks {name}" for name in sorted(part.engines())]
        shape = "([{}])" if node == "source" else "[{}]"
        yield node + shape.format(quoted("<br>".join([escaped(label), *map(escaped, asks)])))
        above: dict[str, list[str]] = {}
        for column in sorted(part.reads() - BORN_WITH if node != "source" else ()):
            above.setdefault(writer.get(column, "source"), []).append(column)
        if node != "source":
            yield from (f"{name} -->|{quoted(_some(columns))}| {node}" for name, columns in above.items())
            if not above:
                yield f"source --> {node}"
            ends = [name for name in ends if name not in above and (above or name != "source")] + [node]
        writer.update(dict.fromkeys(part.writes(), node))
    gates = labelled_gates(pipeline)
    if gates:
        yield f"subgraph gates[{quoted('gates, in this order')}]"
    for number, (label, gate) in enumerate(gates, 1):
        columns = escaped(", ".join(sorted(gate.reads())[:_SHOWN]))
        yield f"  gate{number}{{{{{quoted('<br>'.join([escaped(label), columns]))}}}}}"
        if number > 1:
            yield f"  gate{number - 1} --> gate{number}"
    if gates:
        yield "end"
    yield from (f"{end} --> {'gate1' if gates else 'accepted'}" for end in ends)
    yield f"accepted([{quoted('accepted')}])"
    if gates:
        yield f"gate{len(gates)} --> accepted"
        yield f"gates -.-> rejected([{quoted('rejected, with reason and evidence')}])"


def _some(columns: Iterable[str]) -> str:
    named = list(columns)
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return escaped(", ".join(named[:_SHOWN]) + more)


def quoted(text: str) -> str:
    """A label in quotes, of text that is escaped already."""
    return f'"{text}"'


def escaped(text: str) -> str:
    """Text that a label can hold: what could end it or open a tag stands as Mermaid's `#code;`."""
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};", text)
