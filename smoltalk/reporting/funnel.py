"""From born to accepted: what each step and gate turned away, and what became of each source's rows."""

from collections.abc import Mapping, Sequence
from typing import Literal

from smoltalk.mixing import progress
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.labels import SOURCE, labelled_gates, labelled_steps
from smoltalk.reporting.findings import FunnelStage, Origin, Reason
from smoltalk.reporting.measuring import OfSource
from smoltalk.review.booking import LABEL
from smoltalk.run.ledger import Books
from smoltalk.text import neutralise

_REASONS, _SOURCES = 20, 200


def funnel(pipeline: Pipeline, books: Books) -> list[FunnelStage]:
    """Steps in which rows failed, then gates, in the order rows meet them; gates that turned nothing away too."""
    left: dict[tuple[str, str], list[Reason]] = {}
    for fate, where, reason, rows in books.reasons:
        left.setdefault((where, fate), []).append(Reason(neutralise(reason), rows))
    steps = [SOURCE, *(label for label, _ in labelled_steps(pipeline))]
    gates = [label for label, _ in labelled_gates(pipeline)]
    order = [*((label, "failed") for label in steps if (label, "failed") in left)]
    order += [
        (label, fate)
        for label in gates
        for fate in ("failed", "rejected")
        if label != LABEL and (fate == "rejected" or (label, fate) in left)
    ]
    order += sorted((key for key in left if key not in order), key=_late)
    if LABEL in gates and not any(label == LABEL for label, _ in order):
        order.append((LABEL, "rejected"))
    stages, here = [], books.born
    for label, fate in order:
        reasons = left.get((label, fate), [])
        gone = sum(reason.rows for reason in reasons)
        ended: Literal["rejected", "failed", "pending"] = (
            "failed" if fate == "failed" else "pending" if fate == "pending" else "rejected"
        )
        stages.append(FunnelStage(label, ended, here, gone, _most(reasons)))
        here -= gone
    return stages


def _late(key: tuple[str, str]) -> tuple[bool, bool, bool, bool, str]:
    """The order of what no list of the pipeline orders; people come last, for they decide when all else is done."""
    label, fate = key
    return label == LABEL, fate == "pending", fate == "rejected", label == "mix", label


def _most(reasons: list[Reason]) -> list[Reason]:
    listed = sorted(reasons, key=lambda one: (-one.rows, one.reason))
    rest = sum(one.rows for one in listed[_REASONS:])
    return listed[:_REASONS] + ([Reason("others", rest)] if rest else [])


def origins(
    mixed: Sequence[progress.OfSource], accepted: Mapping[str, OfSource], others: Mapping[tuple[str, str], int]
) -> list[Origin]:  # fmt: skip
    """Sources by rows accepted, most first; those of a mixture as it counted them, in its own order."""
    if mixed:
        return [_mixed(one, accepted.get(one.name, OfSource())) for one in mixed]
    found = []
    for name in {*accepted, *(name for name, _ in others)}:
        one = accepted.get(name, OfSource())
        rejected, failed, pending = (others.get((name, fate), 0) for fate in ("rejected", "failed", "pending"))
        born = one.rows + rejected + failed + pending
        words, turns = _means(one)
        found.append(Origin(name, born, one.rows, rejected, failed, words=words, turns=turns, pending=pending))
    return sorted(found, key=lambda one: (-one.accepted, -one.born, one.source))[:_SOURCES]


def _mixed(one: progress.OfSource, measured: OfSource) -> Origin:
    words, turns = _means(measured)
    rejected = one.rejected + one.beyond
    return Origin(
        one.name, one.born, one.accepted, rejected, one.failed, one.asked, one.beyond, one.copies, words, turns
    )  # fmt: skip


def _means(one: OfSource) -> tuple[float | None, float | None]:
    return (one.words / one.rows, one.turns / one.rows) if one.rows else (None, None)
