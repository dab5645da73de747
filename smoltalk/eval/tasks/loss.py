"""How surprised is it? The loss of held-out conversations, on what the assistant says in them."""

import asyncio
from typing import ClassVar, Literal

from pydantic import Field

from smoltalk.errors import Problem, RowFailed, UserError
from smoltalk.eval.rows import OfData, talk
from smoltalk.eval.subject import Subject
from smoltalk.eval.task import Mark, Metric, Task, Tell
from smoltalk.rows import Message


class Loss(OfData, Task):
    """Mean negative log-likelihood of a token, in nats, over all of the data: what a trainer calls the loss.

    Only of rows that no training saw: a mixture's `splits: {train: 0.95, test: 0.05}` keeps some back, and
    `split: test` reads them. A row that is longer than the model's context is left out. Losses of models with other
    tokenizers are in other units: those of a byte can be compared, those of a token cannot.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("loss", "nats a token of the assistant's turns", lower=True, unit="nats"),
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

    async def marks(self, subject: Subject, tell: Tell) -> list[Mark]:
        rows, talks = self.rows(self.limit), list[list[Message]]()
        for number, row in enumerate(rows, 1):
            try:
                talks.append(talk(row, self.data))
            except RowFailed as error:
                raise UserError([Problem(self.data, 0, f"row {number} {error.detail}")]) from None
        from smoltalk.train.losses import CausalModel

        def work() -> list[Mark]:
            model = CausalModel.load(subject.weights("loss"), self.device, self.max_length)
            weighed = model.weigh(talks, self.of, tell)
            return [
                Mark(
                    str(row.get("id", number)),
                    {"loss": (one.nats, one.tokens), "loss of a byte": (one.nats, one.bytes)},
                    str(row.get(self.group, "")) if self.group else "",
                    why="" if one.tokens else "longer than the model takes, or nothing of the assistant's in it",
                )
                for number, (row, one) in enumerate(zip(rows, weighed, strict=True), 1)
            ]

        return await asyncio.to_thread(work)
