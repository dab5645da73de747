"""How surprised is it? The loss of held-out conversations, on what the assistant says in them."""

import math
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from smoltalk.eval.rows import OfData
from smoltalk.eval.subject import Subject
from smoltalk.eval.talks import Read, conversations
from smoltalk.eval.task import Mark, Metric, Task, Tell
from smoltalk.eval.weighing import Batches, Scales, weighed

if TYPE_CHECKING:
    from smoltalk.train.losses import Weighed


class Loss(OfData, Task):
    """Mean negative log-likelihood of a token, in nats, over all of the data: what a trainer calls the loss.

    Only of rows that no training saw: a mixture's `splits: {train: 0.95, test: 0.05}` keeps some back, and
    `split: test` reads them. Function calls are the assistant's words; `tools` and what tools return are only read. A
    row that is longer than the model's context, or whose calls its chat template does not write, is left out. Losses
    of models with other tokenizers are in other units: those of a byte can be compared, those of a token cannot.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("loss", "nats a token of the assistant's turns", lower=True, unit="nats", by_tokens=True),
        Metric("loss of a byte", "nats a byte of what these tokens say", lower=True, unit="nats"),
    )

    of: Literal["assistant", "all"] = "assistant"
    """Which tokens count: those of the assistant's turns with their ends, or all."""
    device: str = "auto"
    """`cpu`, `cuda:0`, ...; `auto` takes a GPU where there is one."""
    max_length: int = Field(default=4096, gt=0)
    """Tokens of a row at most; longer ones are left out."""
    group: str | None = None
    """A column by whose values rows are counted too, such as `source`."""

    @cached_property
    def total(self) -> int:
        """How many conversations there are; reads all of them once, and says what is wrong with one."""
        return sum(1 for _ in self._read())

    def look(self) -> None:
        assert self.total

    async def marks(self, subject: Subject, tell: Tell) -> list[Mark]:
        by = Scales(subject.model.weights_for("loss"), self.device, self.max_length)
        talks, kept = (one.talks[0] for one in self._read()), Batches(subject.asking.replies)
        found = await weighed(by, talks, self.of, self.total, tell, kept)
        return [_mark(one.name, one.group, weight) for one, weight in zip(self._read(), found, strict=True)]

    def _read(self) -> Iterator[Read]:
        return conversations(self, self.limit, self.group)


def _mark(name: str, group: str, one: "Weighed") -> Mark:
    nothing, why = (0.0, 0), ""
    if not one.tokens:
        why = one.why
    elif not math.isfinite(one.nats):
        why = "its loss is no number"
    points = {"loss": (one.nats, one.tokens), "loss of a byte": (one.nats, one.bytes)}
    return Mark(name, dict.fromkeys(points, nothing) if why else points, group, why=why)
