"""Benchmark items that stood in rows, by benchmark: what the gates turned away for it."""

from smoltalk.gates.decontaminate import Decontaminate
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.labels import labelled_gates
from smoltalk.reporting.figures import Count
from smoltalk.reporting.suspicions import Contamination
from smoltalk.reporting.turned_away import InBenchmark, TurnedAway
from smoltalk.text import neutralise

_QUOTE = 300
_NONE = "No benchmark was checked against: this pipeline has no `decontaminate` gate."


def contamination(pipeline: Pipeline, away: TurnedAway) -> tuple[list[Contamination], str]:
    """Every benchmark that was checked, those with most rows first, and a sentence on how."""
    gates = [(label, gate) for label, gate in labelled_gates(pipeline) if isinstance(gate, Decontaminate)]
    found = [
        _one(label, name, away.benchmarks.get((label, name), InBenchmark()))
        for label, gate in gates
        for name in gate.names()
    ]
    found.sort(key=lambda one: (-one.rows, one.benchmark))
    return found, " ".join(_how(gate) for _, gate in gates) or _NONE


def _how(gate: Decontaminate) -> str:
    looked = ", ".join([gate.of] if isinstance(gate.of, str) else gate.of)
    if gate.method != "coverage":
        return f"Texts of {looked} were compared by the rules of {gate.method}."
    return (
        f"Rows that hold at least {gate.threshold:.0%} of an item in {looked} were turned away; a row is counted once, "
        "under the item it is nearest to. Rephrasings and translations are not found."
    )


def _one(gate: str, benchmark: str, found: InBenchmark) -> Contamination:
    score, row, item, text = found.best
    return Contamination(
        benchmark=benchmark,
        gate=gate,
        items=len(found.items),
        rows=found.rows,
        kinds=[Count(*item) for item in found.kinds.most_common()],
        quote=neutralise(text[:_QUOTE]),
        quoted_row=row,
        quoted_item=item,
        score=max(score, 0.0),
    )
