"""Of a preference set: whether length decides, how wide the margins are, who wins."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from smoltalk.reporting.figures import Histogram
from smoltalk.reporting.ranks import spearman
from smoltalk.reporting.sampled import Row
from smoltalk.reporting.variety import Pairs
from smoltalk.text import normalise

_BINS = 41
_WON = 50


def pairs(sample: Sequence[Row]) -> Pairs | None:
    """What is known of pairs, on a sample of them; None where rows are no pairs."""
    there = [(row, row.said("chosen"), row.said("rejected")) for row in sample]
    there = [one for one in there if one[1] and one[2]]
    if not there:
        return None
    longer = np.array([_length(row, "chosen") - _length(row, "rejected") for row, _, _ in there], np.float64)
    margins = np.array([_number(row.columns.get("margin")) for row, _, _ in there], np.float64)
    known = np.isfinite(margins)
    won = Counter(
        (str(row.columns["chosen_by"]), str(row.columns["rejected_by"]))
        for row, _, _ in there
        if row.columns.get("chosen_by") and row.columns.get("rejected_by")
    )
    return Pairs(
        pairs=len(there),
        chosen_longer=float(((longer > 0) + (longer == 0) / 2).mean()),
        mean_difference=float(longer.mean()),
        differences=_histogram(longer, symmetric=True),
        margins=_histogram(margins[known]) if known.any() else None,
        margin_median=float(np.median(margins[known])) if known.any() else None,
        margin_length_correlation=spearman(margins[known], longer[known]),
        same_answers=sum(normalise(one) == normalise(two) for _, one, two in there),
        won=[(*who, n) for who, n in won.most_common(_WON)],
    )


def _length(row: Row, speaker: str) -> int:
    return sum(len(text) + cut for said, text, cut in row.turns if said == speaker)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")


def _histogram(values: "np.typing.NDArray[np.float64]", symmetric: bool = False) -> Histogram:
    """Bins from percentile 0.5 to 99.5, about zero where `symmetric`; what lies outside is in the first or last one."""
    low, high = (float(one) for one in np.quantile(values, (0.005, 0.995)))
    if symmetric:
        high = max(abs(low), abs(high), 1.0)
        low = -high
    edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return Histogram([float(edge) for edge in edges], [int(n) for n in counts], "linear")
