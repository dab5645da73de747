"""Everything a report shows, gathered from a run's folder in one pass over its rows; memory does not grow with them."""

import re
from collections.abc import Callable, Sequence
from time import monotonic

from smoltalk.pipeline.labels import labelled_gates
from smoltalk.reporting import cells, choosing, judged, machines, remarks
from smoltalk.reporting.contaminated import contamination
from smoltalk.reporting.figures import Count
from smoltalk.reporting.findings import Findings
from smoltalk.reporting.funnel import funnel, origins
from smoltalk.reporting.lengths_of import lengths, tokens
from smoltalk.reporting.measuring import Measured, measure
from smoltalk.reporting.overview import overview
from smoltalk.reporting.pairs_of import pairs
from smoltalk.reporting.people_of import people
from smoltalk.reporting.phrases_of import phrases
from smoltalk.reporting.reading import Opened, opened, pieces
from smoltalk.reporting.reference import Reference, measured, shipped
from smoltalk.reporting.repeated import Kind, duplicates
from smoltalk.reporting.sampled import Row, share_of
from smoltalk.reporting.turned_away import TurnedAway, turned_away
from smoltalk.reporting.varied import diversity, languages
from smoltalk.run.folder import RunFolder

_DUPLICATES: dict[str, Kind] = {
    "ExactDuplicate": "exact", "NearDuplicate": "near", "SemanticDuplicate": "semantic",
}  # fmt: skip

_COPY = re.compile(r"-\d+$")

Said = Callable[[str], None]


def gather(folder: RunFolder, reference: Sequence[str] = (), said: Said = lambda _: None) -> Findings:
    """Look at a run or a mixture. `reference` is data whose phrases stand in for the shipped rates.

    `said` hears what is being looked at. Raises `UserError` (no run, a reference with nothing to read) and
    `WorldError` (damaged files).
    """
    began = monotonic()
    if reference:
        said("reading the reference")
    beside = measured(reference) if reference else shipped()
    with opened(folder) as run:
        said("reading accepted rows")
        stretches = pieces(run.accepted)
        share = share_of(sum(one.rows for one in stretches), sum(one.size for one in stretches))
        found = measure(stretches, share)
        said("reading rows that were turned away")
        kinds = {label: _DUPLICATES[name] for label, name in _gates(run) if name in _DUPLICATES}
        evidence = dict.fromkeys(kinds, "duplicates")
        evidence |= {label: "benchmarks" for label, name in _gates(run) if name == "Decontaminate"}
        away = turned_away(pieces(run.turned_away, split=False), evidence)
        said("measuring a sample")
        return _findings(run, found, away, kinds, beside, began)


def _gates(run: Opened) -> list[tuple[str, str]]:
    return [(label, type(gate).__name__) for label, gate in labelled_gates(run.pipeline)]


def _findings(
    run: Opened, found: Measured, away: TurnedAway, kinds: dict[str, Kind], beside: Reference, began: float
) -> Findings:  # fmt: skip
    pipeline, books, sample = run.pipeline, run.books, found.sample
    labels, numbers, degenerate = judged.columns(_cells(run, found, away), pipeline)
    counted, note = tokens(pipeline, sample, found.rows)
    stages = funnel(pipeline, books)
    measures = [*counted, *lengths(found)]
    repeated = duplicates(away, kinds, _once(run, sample), run.accepted, run.turned_away)
    items, items_note = contamination(pipeline, away)
    phrased, varied, spoken = phrases(found, beside), diversity(_once(run, sample)), languages(sample)
    of_pairs = pairs(sample) if pipeline.makes == "dpo" else None
    engines = machines.engines(pipeline, books)
    category = next((one.name for one in labels if not one.rated), "")
    by_people = people(run)
    facts = overview(run, found.rows, monotonic() - began)
    looked = [
        *remarks.of_run(facts, stages),
        *remarks.of_people(by_people),
        *remarks.of_data(degenerate, repeated, items, bool(items)),
        *remarks.of_texts(phrased, varied, spoken, measures, of_pairs),
        *remarks.of_engines(engines),
    ]
    return Findings(
        overview=facts,
        remarks=sorted(looked, key=lambda one: ("alarm", "warning", "note").index(one.level)),
        funnel=stages,
        splits=[Count(*item) for item in found.splits.items()],
        origins=origins(run.sources(), found.sources, away.sources),
        lengths=measures,
        length_note=note,
        labels=labels,
        numbers=numbers,
        columns_note=_columns_note(run, labels, numbers),
        degenerate=degenerate,
        duplicates=repeated,
        contamination=items,
        contamination_note=items_note,
        phrases=phrased,
        diversity=varied,
        languages=spoken,
        engines=engines,
        steps=machines.step_times(pipeline, books, run.connection),
        moments=machines.moments(run.connection),
        pairs=of_pairs,
        samples=choosing.accepted_samples(sample, category),
        turned_away=choosing.other_samples(away.some),
        people=by_people,
    )


def _once(run: Opened, sample: Sequence[Row]) -> list[Row]:
    """The sample without the copies that a mixture makes on purpose: their ids end in a number."""
    return [row for row in sample if not (run.is_mixture and _COPY.search(row.id))]


def _cells(run: Opened, found: Measured, away: TurnedAway) -> cells.Cells:
    if not run.is_mixture:
        return cells.from_ledger(run.connection)
    others = [(one.fate, one.row) for some in away.some.values() for one in some]
    return cells.from_samples(found.sample, others)


def _columns_note(run: Opened, labels: Sequence[object], numbers: Sequence[object]) -> str:
    if not labels and not numbers:
        return "No column holds labels or numbers."
    if run.is_mixture:
        return "Columns are counted on a random sample of the accepted rows, and on a few that were turned away."
    if run.books.born <= cells.CELL_ROWS:
        return "Columns are counted on every row of the ledger, whatever became of it."
    return f"Columns are counted on a random sample of {cells.CELL_ROWS:,} rows at most, whatever became of them."
