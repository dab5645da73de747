"""Does it prefer what people (or a judge) prefer? Held-out pairs, by likelihoods or scores."""

import asyncio
import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from pydantic import Field

from smoltalk.errors import Problem, RowFailed, UserError
from smoltalk.eval.rows import OfData
from smoltalk.eval.subject import Subject
from smoltalk.eval.task import Mark, Metric, Task, Tell
from smoltalk.rows import Message, Row, message


class _Pair(NamedTuple):
    id: str
    chosen: list[Message]
    rejected: list[Message]


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
    """The model that training began from: a folder, or ORG/NAME on the Hub."""
    beta: float = Field(default=0.1, gt=0)
    """Of the DPO that trained it: the unit of its rewards."""
    device: str = "auto"
    max_length: int = Field(default=4096, gt=0)
    """Tokens of a prompt with an answer at most; a pair that has more is left out."""

    async def marks(self, subject: Subject, tell: Tell) -> list[Mark]:
        pairs = [self._pair(row, number) for number, row in enumerate(self.rows(self.limit), 1)]
        engine = subject.model.engine
        if engine.kind == "scores":
            ratings = await self._scored(subject, pairs, tell)
        else:
            ratings = await asyncio.to_thread(self._weighed, subject.weights("preferences"), pairs, tell)
        return [_mark(pair, rating) for pair, rating in zip(pairs, ratings, strict=True)]

    async def _scored(self, subject: Subject, pairs: Sequence[_Pair], tell: Tell) -> list[tuple[float, float]]:
        done = 0

        async def one(pair: _Pair) -> tuple[float, float]:
            nonlocal done
            try:
                found = await subject.asking.score(pair.chosen), await subject.asking.score(pair.rejected)
            except RowFailed:
                found = math.nan, math.nan
            done += 1
            tell(done, len(pairs))
            return found

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(pair)) for pair in pairs]
        return [task.result() for task in tasks]

    def _weighed(self, weights: str, pairs: Sequence[_Pair], tell: Tell) -> list[tuple[float, float]]:
        own = self._likelihoods(weights, pairs, tell, self.reference is None)
        if self.reference is None:
            return own
        before = self._likelihoods(self.reference, pairs, tell, False)
        return [
            (self.beta * (chosen - was_chosen), self.beta * (rejected - was_rejected))
            for (chosen, rejected), (was_chosen, was_rejected) in zip(own, before, strict=True)
        ]

    def _likelihoods(
        self, weights: str, pairs: Sequence[_Pair], tell: Tell, a_token: bool
    ) -> list[tuple[float, float]]:
        from smoltalk.train.losses import CausalModel

        model = CausalModel.load(weights, self.device, self.max_length)
        talks = [talk for pair in pairs for talk in (pair.chosen, pair.rejected)]
        found = [
            -one.nats / (one.tokens if a_token else 1) if one.tokens else math.nan
            for one in model.weigh(talks, "last", tell)
        ]
        return list(zip(found[::2], found[1::2], strict=True))

    def _pair(self, row: Row, number: int) -> _Pair:
        try:
            chosen, rejected = (_whole(row, name) for name in ("chosen", "rejected"))
        except (KeyError, TypeError, ValueError):
            hint = "pairs are `prompt`, `chosen` and `rejected`: texts, or lists of turns"
            raise UserError([Problem(self.data, 0, f"row {number} is no pair of answers", hint)]) from None
        return _Pair(str(row.get("id", number)), chosen, rejected)


def _whole(row: Row, name: str) -> list[Message]:
    """The prompt with one of the answers; `prompt` is not repeated where the answer begins with it."""
    answer, prompt = row[name], row.get("prompt")
    if isinstance(answer, str):
        said = [message("assistant", answer)]
    else:
        said = [message(turn["role"], turn["content"]) for turn in answer]
    if prompt is None or (said and said[0]["role"] != "assistant"):
        before: list[Message] = []
    elif isinstance(prompt, str):
        before = [message("user", prompt)]
    else:
        before = [message(turn["role"], turn["content"]) for turn in prompt]
    if not said or said[-1]["role"] != "assistant":
        raise ValueError("no answer")
    return before + said


def _mark(pair: _Pair, rating: tuple[float, float]) -> Mark:
    chosen, rejected = rating
    lengths = [len(talk[-1]["content"]) for talk in (pair.chosen, pair.rejected)]
    group = ("chosen is longer", "chosen is shorter", "same length")[
        0 if lengths[0] > lengths[1] else 1 if lengths[0] < lengths[1] else 2
    ]
    if math.isnan(chosen) or math.isnan(rejected):
        return Mark(pair.id, {"accuracy": (0, 0), "margin": (0, 0)}, group, why="longer than the model takes")
    better = 1.0 if chosen > rejected else 0.5 if chosen == rejected else 0.0
    return Mark(pair.id, {"accuracy": (better, 1.0), "margin": (chosen - rejected, 1.0)}, group)
