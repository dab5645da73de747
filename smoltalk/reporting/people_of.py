"""People's answers, counted from run.db: what became of rows, who said what, and what scores are worth beside it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import orjson

from smoltalk.pipeline.model import Makes
from smoltalk.reporting.figures import Count
from smoltalk.reporting.people import Became, People, Person, Two
from smoltalk.reporting.people_rows import disputed, edits
from smoltalk.reporting.people_scores import beside, cuts
from smoltalk.reporting.reading import Opened
from smoltalk.review import answers as answers_
from smoltalk.review.agreement import Voice, voices
from smoltalk.review.answered import answered, settled
from smoltalk.review.booking import LABEL
from smoltalk.review.findings import weighed
from smoltalk.review.records import ISSUES, Answer, Item
from smoltalk.review.shown import shown
from smoltalk.review.verdicts import last_words
from smoltalk.review.verdicts import said as said_of
from smoltalk.run.journal import Fate

_MOST = 20
_SAID: Mapping[Makes, tuple[str, ...]] = {
    "sft": ("keep", "edit", "drop"), "dpo": ("chosen", "rejected", "tie", "both_bad"),
}  # fmt: skip
_REASONS = {"dropped": "dropped", "tie": "equally good", "both_bad": "both bad", "held_back": "held back"}
_Counted: TypeAlias = Sequence[tuple[str, str, Answer]]
_KEPT, _EDITED, _SWAPPED = "kept as it was", "edited", "swapped"


def people(run: Opened) -> People | None:
    """What people did; None where nobody answered. Memory grows with the answered rows."""
    given = answers_.kept(run.connection)
    if not given:
        return None
    pipeline = run.pipeline
    items: dict[str, Item] = {}
    columns = {}
    for one in answered(run.connection):
        columns[one.fate.row] = one.columns | one.told
        if item := shown(pipeline.name, pipeline.makes, one.fate.row, one.columns, one.told):
            items[item.id] = item
    every = [answer for some in given.values() for answer in some]
    said, lines = voices(items, every), list(settled(run.connection))
    found = weighed(pipeline, said, columns)
    counted = {name: _counted(item, given[name]) for name, item in items.items()}
    letters = _letters(found.reviewers)
    pairs = sorted(found.agreement.pairs.items(), key=lambda pair: (-pair[1][0], pair[0]))
    return People(
        makes=pipeline.makes,
        answers=len(every),
        drafts=sum(one.status == "draft" for one in every),
        discarded=sum(one.status == "discarded" for one in every),
        stale=sum(one.id not in items or one.mark != items[one.id].mark for one in every),
        rows=sum(line.fate != "pending" for line in lines),
        became=_became(lines, said),
        people=list(_people(letters, counted.values(), _SAID[pipeline.makes]))[:_MOST],
        others=max(0, len(letters) - _MOST),
        issues=_issues(counted.values()),
        shared=found.agreement.rows,
        alpha=found.agreement.alpha,
        pairs=[Two(letters[a], letters[b], rows, kappa) for (a, b), (rows, kappa) in pairs[:_MOST]],
        scores=[beside(one, found.cuts) for one in found.scores[:_MOST]],
        cuts=[cuts(one) for one in found.cuts[:_MOST]],
        edits=edits(lines),
        disputed=disputed(items.values(), said, letters),
    )


def _counted(item: Item, given: Sequence[Answer]) -> _Counted:
    """Answers that decide something: whose, what they say, and all of it."""
    return [(answer.reviewer, word, answer) for answer in last_words(item, given) if (word := said_of(item, answer))]


def _became(lines: Sequence[Fate], said: Sequence[Voice]) -> list[Became]:
    """Where reviewed rows are now; those whose answers are too few to decide anything, too."""
    counts: Counter[tuple[str, str]] = Counter()
    for line in lines:
        counts[_end(line), line.fate] += 1
    undecided = len({voice.row for voice in said} - {line.row for line in lines})
    order = (_KEPT, _EDITED, _SWAPPED, *_REASONS.values())
    ends = sorted(counts.items(), key=lambda one: order.index(one[0][0]) if one[0][0] in order else len(order))
    found = [Became(what, fate, rows) for (what, fate), rows in ends if fate in ("accepted", "rejected", "pending")]  # type: ignore[arg-type]
    return [*found, *([Became("not yet decided", "accepted", undecided)] if undecided else [])]


def _end(line: Fate) -> str:
    """In words, what people made of a row."""
    if line.fate == "pending":
        return "waits for answers"
    if line.fate == "rejected":
        return _REASONS.get(line.reason, line.reason)
    told = orjson.loads(line.evidence).get(LABEL, {})
    return _SWAPPED if "swapped" in told else _EDITED if "original" in told else _KEPT


def _letters(reviewers: Mapping[str, int]) -> dict[str, str]:
    """A to Z, A2 to Z2, ...: who decided most rows is A."""
    order = sorted(reviewers, key=lambda name: (-reviewers[name], name))
    return {name: chr(ord("A") + at % 26) + (str(at // 26 + 1) if at >= 26 else "") for at, name in enumerate(order)}


def _people(letters: Mapping[str, str], counted: Iterable[_Counted], words: Sequence[str]) -> Iterator[Person]:
    by: dict[str, Counter[str]] = {name: Counter() for name in letters}
    for answers in counted:
        for reviewer, word, _ in answers:
            by[reviewer][word] += 1
    for name, letter in letters.items():
        yield Person(letter, by[name].total(), [Count(word, by[name][word]) for word in words])


def _issues(counted: Iterable[_Counted]) -> list[Count]:
    found: Counter[str] = Counter()
    for answers in counted:
        for _, _, answer in answers:
            issues = answer.values.get("issues")
            found.update({one for one in ISSUES if isinstance(issues, list) and one in issues})
    return [Count(name.replace("_", " "), n) for name, n in found.most_common()]
