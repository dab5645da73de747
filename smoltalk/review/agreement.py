"""How far people agree with each other, and scores with people."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from smoltalk.review.choosing import score_of
from smoltalk.review.records import Answer, Item
from smoltalk.review.verdicts import last_words, vote
from smoltalk.rows import Row


class Voice(NamedTuple):
    """What one person said of one row."""

    row: int
    reviewer: str
    said: str


class Agreement(NamedTuple):
    """Of all people on the rows that several have answered."""

    rows: int
    alpha: float | None
    """Krippendorff's, nominal (Krippendorff 2011); None where nobody overlaps or all say the same."""
    pairs: dict[tuple[str, str], tuple[int, float | None]]
    """For two people the rows both answered, and Cohen's kappa (Cohen 1960)."""


class Agreed(NamedTuple):
    """One score beside what people said."""

    column: str
    rows: int
    kept: float
    """Its mean over the rows that people kept."""
    dropped: float
    auc: float
    """How often a kept row scores higher than a dropped one; 0.5 is chance (Hanley and McNeil 1982)."""


def voices(items: Mapping[str, Item], answers: Iterable[Answer]) -> list[Voice]:
    """Every answer that decides something, the latest of each person."""
    by_row: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_row[answer.id].append(answer)
    found = [
        Voice(item.row, answer.reviewer, vote(item, answer))
        for row_id, item in items.items()
        for answer in last_words(item, by_row.get(row_id, ()))
        if vote(item, answer)
    ]
    return sorted(found)


def agreement(given: Sequence[Voice]) -> Agreement:
    """Between people."""
    by_row: dict[int, dict[str, str]] = defaultdict(dict)
    for voice in given:
        by_row[voice.row][voice.reviewer] = voice.said
    shared = {row: said for row, said in by_row.items() if len(said) > 1}
    people = sorted({voice.reviewer for voice in given})
    pairs = {}
    for one, two in combinations(people, 2):
        both = [(said[one], said[two]) for said in shared.values() if one in said and two in said]
        if both:
            pairs[one, two] = len(both), _kappa(both)
    return Agreement(len(shared), _alpha(list(shared.values()), people), pairs)


def kept_by(given: Iterable[Voice]) -> dict[int, bool]:
    """Which rows most people keep as they are taken; rows with as many voices for as against are left out."""
    votes: dict[int, list[bool]] = defaultdict(list)
    for voice in given:
        votes[voice.row].append(voice.said in ("keep", "chosen"))
    return {row: sum(said) * 2 > len(said) for row, said in votes.items() if sum(said) * 2 != len(said)}


def of_scores(decided: Mapping[int, bool], rows: Mapping[int, Row]) -> list[Agreed]:
    """For each score, how well it tells kept rows from dropped ones; those that tell most come first."""
    columns: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for row, kept in decided.items():
        for name, value in rows.get(row, {}).items():
            if (score := score_of(value)) is not None:
                columns[name].append((score, kept))
    found = [_agreed(name, pairs) for name, pairs in sorted(columns.items()) if _tells(pairs)]
    return sorted(found, key=lambda one: -abs(one.auc - 0.5))


def _tells(pairs: list[tuple[float, bool]]) -> bool:
    """Whether rows differ in the score, and in what people said."""
    return len({score for score, _ in pairs}) > 1 and len({kept for _, kept in pairs}) == 2


def _agreed(name: str, pairs: list[tuple[float, bool]]) -> Agreed:
    from sklearn.metrics import roc_auc_score

    scores, kept = np.array([score for score, _ in pairs]), np.array([keep for _, keep in pairs])
    auc = float(roc_auc_score(kept, scores))
    return Agreed(name, len(pairs), float(scores[kept].mean()), float(scores[~kept].mean()), auc)


def _kappa(both: list[tuple[str, str]]) -> float | None:
    from sklearn.metrics import cohen_kappa_score

    if len({said for pair in both for said in pair}) < 2:
        return None  # everybody said one thing: there is nothing to agree on beyond chance
    return float(cohen_kappa_score(*zip(*both, strict=True)))


def _alpha(rows: list[dict[str, str]], people: list[str]) -> float | None:
    import krippendorff

    said = sorted({one for row in rows for one in row.values()})
    if len(said) < 2:
        return None
    codes = {one: float(place) for place, one in enumerate(said)}
    table = np.array([[codes.get(row.get(who, ""), np.nan) for row in rows] for who in people])
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement="nominal"))
