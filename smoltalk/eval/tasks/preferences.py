"""Does it prefer what people (or a judge) prefer? Held-out pairs, by likelihoods or scores."""

import math
from collections.abc import Iterator
from functools import cached_property
from typing import ClassVar

from pydantic import Field

from smoltalk.errors import Problem, RowFailed, UserError
from smoltalk.eval.rows import OfData
from smoltalk.eval.subject import Subject
from smoltalk.eval.talks import Read, pairs
from smoltalk.eval.task import Mark, Metric, Task, Tell
from smoltalk.eval.weighing import Batches, Scales, weighed
from smoltalk.train.spelling import Talk

_NOTHING = math.nan, math.nan


class Preferences(OfData, Task):
    """How often the chosen answer of a held-out pair is rated above the rejected one, and by how much.

    A reward model rates by its score. A model that writes is compared with `reference`, as in DPO (Rafailov et al.
    2023, arXiv 2305.18290): its reward for an answer is `beta` times how much likelier it has become than under the
    reference; without one, an answer's rating is its log-likelihood a token, for a sum would prefer the short. Counted
    by which answer is the longer one too: a model that has only learnt length is good on one side and bad on the
    other.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("accuracy", "pairs in which the chosen answer is rated higher; a tie counts half"),
        Metric("margin", "the chosen answer's rating less the rejected one's, on average", unit="of reward"),
    )

    reference: str | None = None
    """The model that training began from, named as models are: `nano`, a folder, or ORG/NAME on the Hub."""
    beta: float = Field(default=0.1, gt=0)
    """Of the DPO that trained it: the unit of its rewards."""
    device: str = "auto"
    max_length: int = Field(default=4096, gt=0)
    """Tokens of a prompt with an answer at most; a pair that has more is left out."""

    @cached_property
    def total(self) -> int:
        """How many pairs there are; reads all of them once, and says what is wrong with one."""
        return sum(1 for _ in self._pairs())

    @cached_property
    def before(self) -> str | None:
        """The weights of `reference`; None without one. Raises `UserError` where it names none."""
        from smoltalk.eval.naming import model_of

        if self.reference is None:
            return None
        try:
            model = model_of(self.reference)
        except UserError as error:
            raise UserError(
                Problem("preferences: reference", 0, f"`{self.reference}` {p.sentence}", p.hint) for p in error.problems
            ) from None
        if model.weights is None or model.engine.kind != "completes":
            sentence = f"`{self.reference}` has no likelihoods to compare with"
            raise UserError([Problem("preferences: reference", 0, sentence, "name a model's folder, or ORG/NAME")])
        return model.weights

    def look(self) -> None:
        problems: list[Problem] = []
        for there in (lambda: self.total, lambda: self.before):
            try:
                there()
            except UserError as error:
                problems += error.problems
        if problems:
            raise UserError(problems)

    async def marks(self, subject: Subject, tell: Tell) -> list[Mark]:
        if subject.model.engine.kind == "scores":
            return await self._scored(subject, tell)
        weights = subject.model.weights_for("preferences")
        kept = Batches(subject.asking.replies)
        ratings = await self._likelihoods(weights, tell, kept, self.reference is None)
        if self.before is not None:
            was = await self._likelihoods(self.before, tell, kept, False)
            pairs = zip(ratings, was, strict=True)
            ratings = [(self.beta * (a - was_a), self.beta * (b - was_b)) for (a, b), (was_a, was_b) in pairs]
        return [_mark(pair, rating) for pair, rating in zip(self._pairs(), ratings, strict=True)]

    async def _scored(self, subject: Subject, tell: Tell) -> list[Mark]:
        async def one(pair: Read) -> Mark:
            if any(talk.beside or any(turn.get("tool_calls") for turn in talk.turns) for talk in pair.talks):
                return _mark(pair, _NOTHING, "has tools or function calls, which engines that score are not given")
            try:
                first, second = [await subject.asking.score(talk.turns) for talk in pair.talks]
            except RowFailed:
                return _mark(pair, _NOTHING)
            return _mark(pair, (first, second))

        return await subject.over(list(self._pairs()), one, tell)

    async def _likelihoods(self, weights: str, tell: Tell, kept: Batches, a_token: bool) -> list[tuple[float, float]]:
        """Of the answers of each pair, whole or a token; what cannot be rated is NaN."""
        talks = (one for pair in self._pairs() for one in pair.talks)
        by = Scales(weights, self.device, self.max_length)
        each = await weighed(by, talks, "answer", 2 * self.total, tell, kept)
        found = [-one.nats / (one.tokens if a_token else 1) if one.tokens else math.nan for one in each]
        return list(zip(found[::2], found[1::2], strict=True))

    def _pairs(self) -> Iterator[Read]:
        return pairs(self, self.limit)


def _mark(pair: Read, rating: tuple[float, float], why: str = "") -> Mark:
    chosen, rejected = rating
    lengths = [_length(talk) for talk in pair.talks]
    group = ("chosen is longer", "chosen is shorter", "same length")[
        0 if lengths[0] > lengths[1] else 1 if lengths[0] < lengths[1] else 2
    ]
    if not (math.isfinite(chosen) and math.isfinite(rejected)):
        why = why or "longer than the model takes, with calls that its template does not write, or rated by no number"
        return Mark(pair.name, {"accuracy": (0, 0), "margin": (0, 0)}, group, why=why)
    better = 1.0 if chosen > rejected else 0.5 if chosen == rejected else 0.0
    return Mark(pair.name, {"accuracy": (better, 1.0), "margin": (chosen - rejected, 1.0)}, group)


def _length(talk: Talk) -> int:
    """Characters of an answer, with the calls in it."""
    answer = talk.turns[talk.asked :]
    return sum(len(turn["content"]) + len(str(turn.get("tool_calls") or "")) for turn in answer)
