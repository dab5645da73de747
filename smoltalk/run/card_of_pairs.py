"""What the dataset card says of pairs of answers: how long they are, whether length decided, who won against whom."""

from collections.abc import Iterator

from smoltalk.run.markdown import code, table
from smoltalk.run.preferences import Preferences

_MOST_PAIRINGS = 30
_FEW = 30
"""Pairs below which shares and correlations are chance for the most part."""


def lengths(found: Preferences) -> str:
    """One sentence on how long the answers are."""
    chosen, rejected = found.chosen_characters / found.pairs, found.rejected_characters / found.pairs
    return f"On average the chosen answer has {chosen:,.0f} characters, the rejected one {rejected:,.0f}."


def preferences(found: Preferences) -> str:
    """The section on length bias and winners, as Markdown."""
    parts = [
        "A judge or reward model that likes long answers teaches a model to write them, right or not. "
        "Lengths are characters of the answers.",
        table(("length bias", ""), _bias(found), right=1),
    ]
    if found.pairs < _FEW:
        parts.append(f"With {found.pairs} {'pair' if found.pairs == 1 else 'pairs'} these figures are mostly chance.")
    if found.won:
        parts += ["Who won against whom:", table(("chosen", "rejected", "pairs"), _winners(found), right=1)]
    return "\n\n".join(parts)


def _bias(found: Preferences) -> Iterator[tuple[str, str]]:
    yield "pairs whose chosen answer is longer", f"{found.chosen_longer:,} ({found.chosen_longer / found.pairs:.0%})"
    if found.same_length:
        yield "pairs of one length", f"{found.same_length:,} ({found.same_length / found.pairs:.0%})"
    yield "characters that the chosen answer is longer, on average", f"{found.mean_difference:+,.1f}"
    correlation = "none: one of them never varies" if found.correlation is None else f"{found.correlation:+.2f}"
    if found.margins:
        yield "correlation of margin with length difference (Pearson)", correlation


def _winners(found: Preferences) -> Iterator[tuple[str, str, str]]:
    every = sorted(found.won.items(), key=lambda item: (-item[1], item[0]))
    for (chosen, rejected), pairs in every[:_MOST_PAIRINGS]:
        yield code(chosen), code(rejected), f"{pairs:,}"
    if rest := sum(pairs for _, pairs in every[_MOST_PAIRINGS:]):
        yield "others", "", f"{rest:,}"
