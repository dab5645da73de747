"""The strip at the top of the page: is this dataset fit to publish, question by question."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from smoltalk.reporting.charts_phrases import OVER
from smoltalk.reporting.dull import ENOUGH
from smoltalk.reporting.findings import Findings
from smoltalk.reporting.page_text import percent, short
from smoltalk.review.booking import LABEL

Level = Literal["pass", "warn", "fail", "none"]
"""`none`: nobody looked."""

SECTIONS: Mapping[str, str] = {
    "overview": "funnel", "funnel": "funnel", "splits": "funnel", "origins": "origins", "samples": "samples",
    "turned_away": "samples", "lengths": "lengths", "labels": "columns", "numbers": "columns", "columns": "columns",
    "degenerate": "judges", "duplicates": "duplicates", "contamination": "benchmarks", "phrases": "phrases",
    "diversity": "diversity", "languages": "languages", "pairs": "pairs", "engines": "engines", "steps": "engines",
    "moments": "engines", "made_with": "about", "people": "people",
}  # fmt: skip
"""Where on the page a field of `Findings` is shown; `made_with` is one of its overview."""
_ROWS, _INDEX = 5, 1.5
"""Rows that must hold a phrase before it counts as too frequent; all phrases together, times their reference."""
_LEVELS: Mapping[str, Level] = {"alarm": "fail", "warning": "warn"}


class Verdict(NamedTuple):
    """The answer to one question."""

    question: str
    level: Level
    told: str
    section: str
    """The id of the part of the page that shows why."""


def verdicts(of: Findings) -> list[Verdict]:
    """All questions; where a remark about the same part of the page is graver, its level and sentence count."""
    remarks = {
        SECTIONS.get(one.section, ""): Verdict("", _LEVELS[one.level], one.sentence, "")
        for one in sorted(of.remarks, key=lambda one: one.level == "alarm")
        if one.level in _LEVELS
    }
    return [_graver(one, remarks.get(one.section)) for one in _own(of)]


def _graver(own: Verdict, remark: Verdict | None) -> Verdict:
    """The funnel's two questions are answered by counting alone."""
    if remark is None or own.section == "funnel" or own.level in ("fail", remark.level):
        return own
    return own._replace(level=remark.level, told=own.told if own.section == "judges" else remark.told)


def _own(of: Findings) -> Iterator[Verdict]:
    o = of.overview
    sum_ = f"{o.accepted:,} accepted + {o.rejected:,} rejected + {o.failed:,} failed"
    sum_ += f" + {o.pending:,} pending" if o.pending else ""
    balanced = o.born == o.accepted + o.rejected + o.failed + o.pending
    yield Verdict(
        "The books balance", "pass" if balanced else "fail",
        f"{o.born:,} born {'=' if balanced else '≠'} {sum_}", "funnel",
    )  # fmt: skip
    yield _target(of)
    yield _benchmarks(of)
    yield _judges(of)
    yield _duplicates(of)
    yield _phrases(of)


def _target(of: Findings) -> Verdict:
    o = of.overview
    away = sum(stage.left for stage in of.funnel if stage.label == LABEL and stage.fate == "rejected")
    short = o.target is not None and o.accepted + away < o.target
    level: Level = "pass" if not short and o.state == "complete" else "warn"
    asked = f"{o.accepted:,} of {o.target:,} rows" if o.target is not None else f"{o.accepted:,} rows, as many as came"
    asked += f"; people turned {away:,} away" if away else ""
    asked += f"; {o.pending:,} {'waits' if o.pending == 1 else 'wait'} for people" if o.pending else ""
    ended = "" if o.state == "complete" else f"; the run is {o.state}" + (f": {o.why}" if o.why else "")
    return Verdict("The target is met", level, asked + ended, "funnel")


def _benchmarks(of: Findings) -> Verdict:
    question = "Benchmarks are kept out"
    if not of.contamination:
        return Verdict(question, "warn", of.contamination_note or "nothing was checked", "benchmarks")
    rows = sum(one.rows for one in of.contamination)
    names = {one.benchmark for one in of.contamination}
    told = f"{_count(len(names), 'benchmark')} checked; {_count(rows, 'row')} turned away"
    return Verdict(question, "pass", told, "benchmarks")


def _judges(of: Findings) -> Verdict:
    question = "Judges tell rows apart"
    if of.degenerate:
        names = list(dict.fromkeys(one.column for one in of.degenerate))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return Verdict(question, "warn", f"look at {', '.join(names[:3])}{more}", "judges")
    judged = judged_columns(of)
    if not judged:
        return Verdict(question, "none", "no column was judged", "judges")
    if few := too_few(of):
        return Verdict(question, "none", few, "judges")
    return Verdict(question, "pass", f"{_count(len(judged), 'column')} looked at", "judges")


def judged_columns(of: Findings) -> list[str]:
    """Columns that models or verifiers wrote."""
    return [one.name for one in of.labels if one.judged] + [one.name for one in of.numbers if one.judged]


def too_few(of: Findings) -> str:
    """A clause where there are fewer rows than a judge is measured on; else empty."""
    rows = of.overview.born - of.overview.failed
    return f"{_count(rows, 'row')} are too few to tell" if rows < ENOUGH else ""


def _duplicates(of: Findings) -> Verdict:
    question, found = "Few duplicates are left", of.duplicates
    if found is None or not found.sample:
        return Verdict(question, "none", "no rows were compared", "duplicates")
    left = found.left_exact + found.left_near
    level: Level = "warn" if found.left_exact or left > 0.01 * found.sample else "pass"
    told = f"{left:,} of {found.sample:,} rows looked at ({percent(left / found.sample)})"
    return Verdict(question, level, told, "duplicates")


def _phrases(of: Findings) -> Verdict:
    question = "Tell-tale phrases are rare"
    if of.phrases is None or of.phrases.index is None:
        return Verdict(question, "none", "there was nothing to compare with", "phrases")
    over = [one for one in of.phrases.phrases if one.ratio is not None and one.ratio >= OVER and one.rows >= _ROWS]
    told = f"{of.phrases.index:.2g} times as often as in the reference, taken together"
    if over:
        more = f" and {len(over) - 3:,} more" if len(over) > 3 else ""
        told = "; ".join(f"“{one.phrase}” {short(one.ratio or 0)}×" for one in over[:3]) + more + f"; {told}"
    return Verdict(question, "warn" if over or of.phrases.index > _INDEX else "pass", told, "phrases")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" + ("" if n == 1 else "s")
