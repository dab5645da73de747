"""What several people's answers to one row come to."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from smoltalk.review.records import Answer, Item

Conflicts = Literal["majority", "owner", "hold"]


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict of people."""

    keep: bool
    reason: str = ""
    """Why not: `dropped`, `tie`, `both_bad` or `held_back`."""
    text: str | None = None
    """The last answer as it should be."""
    swap: bool = False
    """Of a pair: whether the answer that was taken for the worse is the better one."""
    evidence: dict[str, Any] = field(default_factory=dict)


def ruling(item: Item, answers: Sequence[Answer], needed: int = 1, conflicts: Conflicts = "majority") -> Ruling | None:
    """The verdict, or None while fewer than `needed` people have decided.

    Drafts, and answers to another text, count for nothing; who discards a row does not decide. Voices that are equally
    many decide nothing either: with `majority` the row is held back.
    """
    latest = {answer.reviewer: answer for answer in last_words(item, answers) if vote(item, answer)}
    if len(latest) < needed:
        return None
    votes = Counter(vote(item, answer) for answer in latest.values())
    evidence = {"reviewers": [_told(item, answer) for answer in latest.values()]}
    decided = _decided(votes, latest, item, conflicts)
    if decided is None:
        return Ruling(False, "held_back", evidence=evidence)
    if item.makes == "dpo":
        if decided in ("tie", "both_bad"):
            return Ruling(False, decided, evidence=evidence)
        return Ruling(True, swap=decided == "rejected", evidence=evidence)
    if decided == "drop":
        return Ruling(False, "dropped", evidence=evidence)
    edits = [answer for answer in latest.values() if edit(item, answer) is not None]
    if not edits:
        return Ruling(True, evidence=evidence)
    chosen = ([answer for answer in edits if answer.of_owner] or edits)[-1]
    return Ruling(True, text=edit(item, chosen), evidence={**evidence, "edited_by": chosen.reviewer})


def last_words(item: Item, answers: Iterable[Answer]) -> list[Answer]:
    """The latest answer of each person to this text, wherever it was given, in the order in which they were given.

    Who takes an answer back, by discarding it, has said nothing.
    """
    ours = sorted((answer for answer in answers if answer.mark == item.mark), key=lambda answer: answer.updated_at)
    return sorted({answer.reviewer: answer for answer in ours}.values(), key=lambda answer: answer.updated_at)


def _decided(votes: Counter[str], latest: dict[str, Answer], item: Item, conflicts: Conflicts) -> str | None:
    if len(votes) == 1:
        return next(iter(votes))
    if conflicts == "hold":
        return None
    if conflicts == "owner" and (of_owner := [answer for answer in latest.values() if answer.of_owner]):
        return vote(item, of_owner[-1])
    (first, most), (_, second) = votes.most_common(2)
    return first if most > second else None


def vote(item: Item, answer: Answer) -> str:
    """What an answer says of the row itself: `keep` or `drop`; of a pair `chosen`, `rejected`, `tie` or `both_bad`.

    Empty where it decides nothing.
    """
    if answer.status != "submitted":
        return ""
    if item.makes == "sft":
        said = answer.values.get("decision")
        return "drop" if said == "drop" else "keep" if said in ("keep", "edit") else ""
    said = answer.values.get("winner")
    if said in ("a", "b"):
        return "chosen" if (said == "a") != item.swapped else "rejected"
    return said if said in ("tie", "both_bad") else ""


def edit(item: Item, answer: Answer) -> str | None:
    """The corrected answer; None where it is the one that was shown.

    Who writes another text means it, beside `keep` as well. There white space alone makes no other text: the page may
    have put it there. Browsers end what has several lines with one line end more than was typed.
    """
    text, decision = answer.values.get("text"), answer.values.get("decision")
    if decision not in ("keep", "edit") or not isinstance(text, str) or not text.strip():
        return None
    if decision == "keep" and text.split() == item.answer.split():
        return None
    said = text if item.answer.endswith("\n") else text.removesuffix("\n")
    return None if said == item.answer else said


def said(item: Item, answer: Answer) -> str:
    """What an answer says in one word: its `vote`, or `edit` where it corrects what it keeps."""
    told = vote(item, answer)
    return "edit" if told == "keep" and edit(item, answer) is not None else told


def _told(item: Item, answer: Answer) -> dict[str, Any]:
    beside = {name: value for name, value in answer.values.items() if name in ("rating", "issues", "comment")}
    return {"reviewer": answer.reviewer, "said": said(item, answer), "at": answer.updated_at, **beside}
