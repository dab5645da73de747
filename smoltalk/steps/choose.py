"""Of several answers to one prompt, the pair that a preference is learnt from."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from smoltalk.contracts import Ask, Verifier, Write
from smoltalk.errors import RowFailed
from smoltalk.rows import Row, message
from smoltalk.text import normalise
from smoltalk.turns import prompt_turns
from smoltalk.verification import Named, verifier_named, word


class Answer(NamedTuple):
    """One candidate, with what is known of it."""

    text: str
    by: str | None
    score: float | None
    rank: int
    """Its place in `prefer`; 0 for all where that is not given."""
    verdict: str
    draw: int
    """Decides between equals: drawn from the row's id and the text, so that no place in the list is favoured."""


class Choose(Write):
    """Writes `prompt`, `chosen` and `rejected` as TRL's DPOTrainer takes them, and by how much and against whom.

    What is better is said by `scores`, by `prefer` (who wrote it), by `verifier` (chosen passes, rejected fails), or by
    several of them, which must agree. Where no two answers differ enough, `chosen` and `rejected` are empty and
    `choice` says why, for a gate: `one_of: {column: choice, values: [made]}`. Reasons are `one_answer`,
    `same_answers`, `none_passed`, `none_failed`, `tie`, `margin_too_small` and `disagree`.
    """

    looks_up: ClassVar[tuple[str, ...]] = ("_verifier",)

    of: str = "instruction"
    """The column that was answered: a text, or a conversation that ends with the user."""
    answers: str | tuple[str, ...] = "answers"
    """The column with the list of answers, or several columns, each with an answer or a list of them."""
    answered_by: str | None = "answered_by"
    """The column that says who wrote each answer of a list; null where nobody knows."""
    scores: str | tuple[str, ...] | None = None
    """The column of the answers' scores, higher is better, or one for each column of `answers`; an answer without a
    score takes no part."""
    prefer: tuple[str, ...] = ()
    """Who wrote the better answers, best first: engines as `answered_by` names them, or columns of `answers`."""
    verifier: Named | None = None
    """A name in `smoltalk/verifiers/`, or `name: {fields}`: the chosen answer must pass, the rejected one must fail."""
    verified_as: str = "response"
    """The column in which the verifier looks for the answer."""
    rejected: Literal["worst", "random"] = "worst"
    """Which of those that are worse by `margin`: the lowest, as Magpie has it, or any of them, as UltraFeedback."""
    margin: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """How much better the chosen answer must be; equals are never a pair."""

    def check(self) -> Iterator[str]:
        if not (self.scores or self.prefer or self.verifier):
            yield "`choose` needs to be told what is better: `scores`, `prefer` or `verifier`"
        if self.margin and not self.scores:
            yield "`margin` is a difference of scores, and `scores` names no column"
        if self.scores and len(_names(self.scores)) != len(_names(self.answers)):
            yield f"`answers` names {len(_names(self.answers))} columns and `scores` {len(_names(self.scores))}"
        if self.prefer and isinstance(self.answers, str) and not self.answered_by:
            yield "`prefer` goes by who wrote an answer, and `answered_by` names no column"
        if len(self.prefer) == 1:
            yield "`prefer` names two at least, the better first"
        if not isinstance(self.answers, str):
            if len(self.answers) < 2:
                yield "`answers` names two columns at least, or one that holds a list"
            for name in sorted(set(self.prefer) - set(self.answers)):
                yield f"`prefer` names `{name}`, which is not one of `answers`"
        if self._verifier is not None:
            if self.verified_as not in self._verifier.reads():
                yield f"the verifier does not read `{self.verified_as}`: name the column it does in `verified_as`"
            yield from self._verifier.check()

    def reads(self) -> frozenset[str]:
        named = [self.answers, self.answered_by] if isinstance(self.answers, str) else self.answers
        verified = self._verifier.reads() - {self.verified_as} if self._verifier else ()
        return frozenset(column for column in (self.of, *named, *_names(self.scores), *verified) if column)

    def writes(self) -> frozenset[str]:
        told = {"chosen_by", "rejected_by", "chosen_score", "rejected_score"}
        return frozenset({"prompt", "chosen", "rejected", "margin", "choice"} | told)

    async def write(self, row: Row, ask: Ask) -> Row:
        prompt = prompt_turns(row[self.of], self.of)
        candidates = await self._candidates(row)
        pair = self._pair(candidates)
        if isinstance(pair, str):
            nothing: Row = {"chosen": [], "rejected": [], "margin": None, "chosen_by": None, "rejected_by": None}
            return {"prompt": prompt, **nothing, "chosen_score": None, "rejected_score": None, "choice": pair}
        chosen, rejected = pair
        return {
            "prompt": prompt,
            "chosen": [message("assistant", chosen.text)],
            "rejected": [message("assistant", rejected.text)],
            "margin": _margin(chosen, rejected),
            "chosen_by": chosen.by,
            "rejected_by": rejected.by,
            "chosen_score": chosen.score,
            "rejected_score": rejected.score,
            "choice": "made",
        }

    async def _candidates(self, row: Row) -> list[Answer]:
        """The answers that can take part, each with all that is known of it."""
        texts, names = self._texts(row)
        scores = [score for column in _names(self.scores) for score in _listed(row[column])] or [None] * len(texts)
        if len(scores) != len(texts) or len(names) != len(texts):
            raise RowFailed("uneven", f"{len(texts)} answers, {len(names)} names and {len(scores)} scores")
        found = []
        for text, by, score in zip(texts, names, scores, strict=True):
            number = _number(score)
            takes_part = isinstance(text, str) and text.strip() and (number is not None or not self.scores)
            if takes_part and (not self.prefer or by in self.prefer):
                rank = self.prefer.index(by) if by in self.prefer else 0
                verdict = await self._verdict(row, text)
                found.append(Answer(text, by, number, rank, verdict, _draw(str(row.get("id", "")), text)))
        return found

    def _texts(self, row: Row) -> tuple[Sequence[Any], Sequence[str | None]]:
        if isinstance(self.answers, str):
            texts = row[self.answers] or []
            return texts, (row[self.answered_by] or []) if self.answered_by else [None] * len(texts)
        given = [(text, column) for column in self.answers for text in _listed(row[column])]
        return [text for text, _ in given], [column for _, column in given]

    async def _verdict(self, row: Row, text: str) -> str:
        if self._verifier is None:
            return ""
        return (await word(self._verifier, row | {self.verified_as: text})).verdict

    def _pair(self, candidates: Sequence[Answer]) -> tuple[Answer, Answer] | str:
        """The better and the worse answer, or why there are no two."""
        if len(candidates) < 2:
            return "one_answer"
        if len({normalise(one.text) for one in candidates}) < 2:
            return "same_answers"
        good = [one for one in candidates if self._verifier is None or one.verdict == "pass"]
        bad = [one for one in candidates if self._verifier is None or one.verdict == "fail"]
        if not good or not bad:
            return "none_failed" if good else "none_passed"
        chosen = min(good, key=lambda one: (one.rank, -(one.score or 0.0), one.draw))
        worse = [one for one in bad if self._is_worse(one, chosen)]
        enough = [one for one in worse if self.scores is None or _difference(chosen, one) >= self.margin]
        if not enough:
            return "margin_too_small" if worse else self._why_not(chosen, bad)
        if self.rejected == "random":
            return chosen, min(enough, key=lambda one: one.draw)
        return chosen, max(enough, key=lambda one: (one.rank, -(one.score or 0.0), -one.draw))

    def _is_worse(self, one: Answer, chosen: Answer) -> bool:
        """By all that decides, and in other words."""
        by_score = self.scores is None or _difference(chosen, one) > 0
        by_rank = not self.prefer or one.rank > chosen.rank
        return by_score and by_rank and normalise(one.text) != normalise(chosen.text)

    def _why_not(self, chosen: Answer, others: Sequence[Answer]) -> str:
        rivals = [one for one in others if normalise(one.text) != normalise(chosen.text)]
        if not rivals:
            return "same_answers"
        if self.prefer:
            if all(one.rank == chosen.rank for one in rivals):
                return "none_failed" if self._verifier else "one_answer"
            rivals = [one for one in rivals if one.rank > chosen.rank]
        return "tie" if rivals and all(_difference(chosen, one) == 0 for one in rivals) else "disagree"

    @cached_property
    def _verifier(self) -> Verifier | None:
        return None if self.verifier is None else verifier_named(self.verifier)


def _names(columns: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else columns or ()


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else (value,)


def _number(score: Any) -> float | None:
    plain = isinstance(score, int | float) and not isinstance(score, bool) and math.isfinite(score)
    return float(score) if plain else None


def _difference(better: Answer, worse: Answer) -> float:
    return (better.score or 0.0) - (worse.score or 0.0)


def _margin(chosen: Answer, rejected: Answer) -> float | None:
    """Of scores; of a verifier alone 1, for pass counts 1 and fail 0; None where only the writer decides."""
    if chosen.score is not None and rejected.score is not None:
        return _difference(chosen, rejected)
    return 1.0 if chosen.verdict else None


def _draw(row: str, text: str) -> int:
    said = f"choose\0{row}\0{text}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest())
