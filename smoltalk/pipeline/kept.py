"""What `keep` names: columns of rows, and what gates tell of rows they keep, such as `semantic_duplicate.nearest`."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from smoltalk.document import Document
from smoltalk.errors import Problem, nearest
from smoltalk.pipeline.labels import gate_labels, labelled_gates
from smoltalk.pipeline.model import Pipeline
from smoltalk.pipeline.parts import Named


class Kept(NamedTuple):
    """A column of the dataset."""

    name: str
    """What it is called there."""
    column: str
    """The row's column, or a gate's evidence as `gate.key`."""
    gate: str = ""
    """The label of the gate that tells it; empty for a column of the row."""
    key: str = ""
    kind: type[Any] | None = None
    """What the gate says its type is."""

    def of(self, row: Mapping[str, Any], told: Mapping[str, Any]) -> Any:
        """Its value, from a row and from what the gates told of it."""
        return told.get(self.gate, {}).get(self.key) if self.gate else row.get(self.column)


def kept(pipeline: Pipeline) -> list[Kept]:
    """What the pipeline keeps, each once, in the file's order. A column that is named like evidence is the column."""
    columns = pipeline.born_with.union(*(step.part.writes() for step in pipeline.steps))
    told = _told(labelled_gates(pipeline))
    return [
        told[entry] if entry in told and entry not in columns else Kept(entry, entry)
        for entry in dict.fromkeys(pipeline.keep)
    ]


def mistakes(
    document: Document, gates: Sequence[Named], columns: Collection[str], unknown: Callable[[str], bool]
) -> Iterator[Problem]:
    """Entries of `keep` that name neither a column nor evidence, and two that would be one column.

    `unknown` says of what is not among `columns` whether it is sure to be missing.
    """
    entries = document.data.get("keep")
    labels = gate_labels((gate.name, gate.part) for gate in gates)
    told = _told(zip(labels, (gate.part for gate in gates), strict=True))
    taken: dict[str, str] = {}
    for place, entry in enumerate(entries if isinstance(entries, list) else []):
        if not isinstance(entry, str):
            continue
        sentence, hint = "", ""
        if entry in columns or entry in told:
            name = entry if entry in columns else told[entry].name
            if taken.setdefault(name, entry) != entry:
                sentence, hint = f"`{entry}` and `{taken[name]}` would both be column `{name}`", "leave one of them out"
        elif "." in entry and not all(gate.sound for gate in gates):
            continue  # what is wrong with the gate is told there
        elif "." in entry and entry.partition(".")[0] in labels:
            sentence = f"`keep` names `{entry}`, which that gate does not tell of the rows it keeps"
            hint = nearest(entry, told)
        elif entry == "tokens" and isinstance(mix := document.data.get("mix"), dict) and not mix.get("tokenizer"):
            if mix.get("max_tokens") is not None:
                continue  # that nothing counts them is told there
            sentence = "`keep` names column `tokens`, and nothing counts them"
            hint = "say in `mix` which `tokenizer` does: `nano`, or that of the model you will train"
        elif unknown(entry):
            nobody = "no step writes" if document.data.get("mix") is None else "no source has"
            sentence = f"`keep` names column `{entry}`, which {nobody}"
            meant = [one for one, kept in told.items() if kept.key == entry]
            hint = f"did you mean `{meant[0]}`?" if meant else nearest(entry, [*columns, *told])
        if sentence:
            yield document.problem(("keep", place), sentence, hint)


def _told(gates: Iterable[tuple[str, Any]]) -> dict[str, Kept]:
    """Evidence of kept rows by what `keep` calls it."""
    return {
        f"{label}.{key}": Kept(f"{label}_{key}", f"{label}.{key}", label, key, kind)
        for label, gate in gates
        for key, kind in getattr(gate, "tells", {}).items()
    }
