"""What each step and gate of a pipeline is called: in the DAG, the journal, the ledger, and in file names."""

from collections import Counter
from collections.abc import Iterable, Iterator

from smoltalk.contracts import Gate
from smoltalk.pipeline.model import AnyStep, Pipeline

SOURCE = "source"
"""Where a row that could not even be read has failed."""


def labelled_steps(pipeline: Pipeline) -> list[tuple[str, AnyStep]]:
    """Steps with labels: their name, their template or column after it, a number where that is not enough."""
    names = [_name(p.name, _detail(p.part)) for p in pipeline.steps]
    return list(zip(_apart(names), (p.part for p in pipeline.steps), strict=True))


def labelled_gates(pipeline: Pipeline) -> list[tuple[str, Gate]]:
    """Gates with labels, which also name their files under `rejected/`."""
    gates = [(p.name, p.part) for p in pipeline.gates]
    return list(zip(gate_labels(gates), (part for _, part in gates), strict=True))


def gate_labels(gates: Iterable[tuple[str, object]]) -> list[str]:
    """The labels of gates, each given as its name and its part."""
    return list(_apart(_name(name, getattr(part, "column", None)) for name, part in gates))


def _detail(part: object) -> object:
    """What tells a step from others of its name: its template, what chooses that, or the column it is to write."""
    template = getattr(part, "template", None)
    if (chooses := getattr(template, "column", None)) is not None:
        return f"by_{chooses}"
    if template is not None:
        return template
    return getattr(part, "column", None) if "column" in getattr(part, "model_fields_set", ()) else None


def _name(name: str, detail: object) -> str:
    name = name.rpartition(".")[2]
    if isinstance(detail, str):
        name += "_" + detail.rpartition("/")[2].removesuffix(".j2")
    return "".join(c if c.isalnum() else "_" for c in name)


def _apart(names: Iterable[str]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}_{seen[name]}"
