"""What the page says of people in words and tables."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from smoltalk.reporting.findings import Findings
from smoltalk.reporting.page_tables import Column, Table
from smoltalk.reporting.page_text import percent, short
from smoltalk.reporting.people import RELIABLE, TENTATIVE, Beside, Cuts, People
from smoltalk.review.findings import FEW

_KAPPAS = ((0.8, "almost perfect"), (0.6, "substantial"), (0.4, "moderate"), (0.2, "fair"), (0.0, "slight"))
"""Names for kappa above a bound (Landis and Koch 1977)."""
_AUCS = ((0.9, "nearly always"), (0.8, "mostly"), (0.7, "often"))
_MANY = 200
"""Rows from which on an AUC near a half is no longer laid on there being few."""


class PeopleWords(NamedTuple):
    """Sentences of the section, and lines of YAML."""

    summary: str
    agreement: str
    cuts: str
    """What to keep in mind of proposed cuts."""
    lines: Sequence[str]
    """For the pipeline's `gates:`."""


def people_words(of: People) -> PeopleWords:
    """What the section says."""
    lines = [one.line + (f"  # in place of {one.gate}" if one.gate else "") for one in of.cuts if one.line]
    return PeopleWords(_summary(of), _agreement(of), _warning(of) if of.cuts else "", lines)


def _summary(of: People) -> str:
    """How many answers, of whom, to how many rows: sentences."""
    people = len(of.people) + of.others
    besides = [
        f"{n:,} {'is' if n == 1 else 'are'} {what}"
        for n, what in (
            (of.drafts, "unfinished"), (of.discarded, "taken back"), (of.stale, "to texts that rows have no longer"),
        )
        if n
    ]  # fmt: skip
    answers = f"{of.answers:,} answer{'' if of.answers == 1 else 's'}"
    return (
        f"{answers}, and {_count(of.rows, 'row')} that {_count(people, 'person', 'people')} decided. "
        + (f"Of the answers {', '.join(besides)}: they decide nothing. " if besides else "")
        + ("People go by letters here; `smoltalk review status` has their names." if people else "")
    )


def _agreement(of: People) -> str:
    """How far people agree, in words."""
    if len(of.people) + of.others < 2:
        return "One person alone decided: how far another would agree nobody knows. Let some rows be answered by two."
    if not of.shared:
        return "No row was decided by two people, so nobody knows how far they agree."
    rows = f"{_count(of.shared, 'row')} {'was' if of.shared == 1 else 'were'} decided by several people. "
    if of.alpha is None:
        return rows + "They all said the same of all of them: agreement beyond chance cannot be told."
    worth = (
        "people mean the same by their answers, and a gate may be fitted to them"
        if of.alpha >= RELIABLE
        else "enough for careful conclusions, not for fine ones"
        if of.alpha >= TENTATIVE
        else "too little to rely on: talk over the rows below, write down what they decide, and ask again"
        if of.alpha > 0
        else "no more than chance: people answer different questions"
    )
    scale = "1 is always the same, 0 as often as by chance"
    return f"{rows}Krippendorff's alpha is {_figure(of.alpha)} ({scale}): {worth}."


def people_tables(of: Findings) -> dict[str, list[Table]]:
    """Tables of the section, by its id."""
    people = of.people
    made = [*_pairs(people), *_scores(people), *_cuts(people.cuts)] if people else []
    return {"people": [table for table in made if table.rows]}


def _pairs(of: People) -> Iterator[Table]:
    rows = [
        (
            f"{two.one} and {two.other}",
            f"{two.rows:,}",
            "–" if two.kappa is None else _figure(two.kappa),
            _kappa(two.kappa),
        )
        for two in of.pairs
    ]
    columns = [Column("people", False), Column("rows of both"), Column("Cohen's kappa"), Column("agreement", False)]
    yield Table("Two by two", columns, rows)


def _kappa(kappa: float | None) -> str:
    if kappa is None:
        return "the same of every row"
    return next((word for bound, word in _KAPPAS if kappa > bound), "none beyond chance")


def _scores(of: People) -> Iterator[Table]:
    rows = [
        (
            one.column,
            f"{one.rows:,}",
            short(one.kept),
            short(one.dropped),
            f"{one.auc:.2f} ± {2 * one.error:.2f}",
            _auc(one),
        )
        for one in of.scores
    ]
    heads = [Column(name) for name in ("rows", "mean of kept", "mean of dropped", "AUC")]
    yield Table(
        "Scores beside people", [Column("score", False), *heads, Column("tells kept from dropped", False)], rows
    )


def _auc(of: Beside) -> str:
    if abs(of.auc - 0.5) < 2 * of.error:
        return "perhaps: so few rows may be chance" if of.rows < _MANY else "no better than chance"
    if of.auc < 0.5:
        return "the wrong way round"
    return next((word for bound, word in _AUCS if of.auc >= bound), "barely")


def _cuts(cuts: Sequence[Cuts]) -> Iterator[Table]:
    rows = [
        (
            one.column, one.gate or "–", f"{one.rows:,}", short(one.now.cut), percent(one.now.precision),
            short(one.proposed.cut), percent(one.proposed.precision), percent(one.proposed.recall),
            f"{one.proposed.kept:,}",
        )
        for one in cuts
    ]  # fmt: skip
    heads = ("rows", "cut today", "precision", "cut proposed", "precision then", "recall then", "rows then")
    columns = [Column("score", False), Column("gate today", False), *map(Column, heads)]
    yield Table("Cuts", columns, rows)


def _warning(of: People) -> str:
    """What to keep in mind of cuts: a sentence."""
    few = (
        f"{_count(of.rows, 'row')} are few: such cuts say as much of chance as of the score. " if of.rows < FEW else ""
    )
    return (
        f"{few}Only rows that were accepted are looked at, so a proposed cut is never lower than today's; it is fitted "
        "to the answers that it is measured on."
    )


def _figure(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _count(n: int, noun: str, many: str = "") -> str:
    return f"{n:,} " + (noun if n == 1 else many or noun + "s")
