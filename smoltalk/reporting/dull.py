"""Judges that tell nothing apart: one value nearly everywhere, or a score that goes with length."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from smoltalk.reporting.cells import Cell
from smoltalk.reporting.figures import Degenerate, Labels, Numbers
from smoltalk.reporting.ranks import spearman

ENOUGH = 50
"""Rows below which nothing is said of a judge."""
_ONE_VALUE, _LOW_ENTROPY, _FOLLOWS = 0.95, 0.15, 0.7
_ALARMS = frozenset({"pass", "fail", "unknown", "safe", "unsafe", "controversial", "true", "false"})
"""Words of verifiers and guards, who look for what is rare: that nearly all say one of them is good news."""


def label_of(value: object) -> str:
    """A value as the label it is shown under."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def dull(labels: Sequence[Labels]) -> Iterable[Degenerate]:
    """Ratings by models that nearly always say the same; verdicts of verifiers and guards may."""
    for one in labels:
        counts: Counter[str] = Counter()
        for count in (*one.accepted, *one.rejected):
            counts[count.label] += count.n
        rows = counts.total() + one.failed
        if not one.rated or rows < ENOUGH or set(counts) <= _ALARMS or not counts:
            continue
        value, often = counts.most_common(1)[0]
        share = often / counts.total()
        if one.different == 1:
            sentence = f"`{one.name}` is `{value}` in every row: it tells nothing apart"
            yield Degenerate(one.name, "constant", value, 1.0, rows, sentence)
        elif share > _ONE_VALUE:
            sentence = f"`{one.name}` is `{value}` in {share:.1%} of the rows: it tells little apart"
            yield Degenerate(one.name, "one_value", value, share, rows, sentence)
        elif one.entropy < _LOW_ENTROPY:
            sentence = f"`{one.name}` uses {one.different} values, and nearly always the same few"
            yield Degenerate(one.name, "low_entropy", value, one.entropy, rows, sentence)


def following(
    labels: Sequence[Labels], flat: Mapping[str, list[Cell]], numbers: Sequence[Numbers], rated: set[str]
) -> Iterable[Degenerate]:
    """Scores that go with the length of the answer, whichever way (Singhal et al. 2023, arXiv 2310.03716)."""
    found = [(one.name, one.length_correlation, one.values) for one in numbers if one.name in rated]
    for one in labels:
        if one.rated and one.ordered:
            ranks = {count.label: place for place, count in enumerate(one.accepted)}
            cells = [cell for cell in flat[one.name] if cell.value is not None and label_of(cell.value) in ranks]
            values = np.array([ranks[label_of(cell.value)] for cell in cells], np.float64)
            found.append((one.name, spearman(values, np.array([c.length for c in cells], np.float64)), len(cells)))
    for name, correlation, rows in found:
        if correlation is not None and abs(correlation) >= _FOLLOWS and rows >= ENOUGH:
            way = "longer" if correlation > 0 else "shorter"
            sentence = f"`{name}` follows length (Spearman {correlation:+.2f}): {way} answers are rated higher"
            yield Degenerate(name, "follows_length", "", correlation, rows, sentence)
