"""What an evaluation is made of: a task has items and metrics, and marks what a model made of each item.

A task is one class in a file of `smoltalk/eval/tasks/`; its fields are its options, as in a pipeline's YAML.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from pydantic import Field

from smoltalk.contracts import Part
from smoltalk.requests import Sampling
from smoltalk.rows import Conversation

if TYPE_CHECKING:
    from smoltalk.eval.asking import Said
    from smoltalk.eval.subject import Subject

Tell = Callable[[int, int], None]
"""Told how many items of how many are done."""


class Metric(NamedTuple):
    """Something that is counted: the points of all items by what they are points of."""

    name: str
    says: str
    """What it is, a clause."""
    lower: bool | None = False
    """Whether less is better; None where neither is."""
    unit: str = "%"
    """`%` for a share of 1, else what the number is of: `nats`, `words`."""
    by_tokens: bool = False
    """Whether it is of tokens, and so only to be compared among models that cut texts alike."""

    @property
    def is_share(self) -> bool:
        """Whether it is a share of 1: a loss or a margin near 0 is none."""
        return self.unit == "%"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a model is asked."""

    id: str
    """The same in every evaluation of the same data."""
    messages: Conversation
    """What stands before the model's first turn."""
    more: tuple[str, ...] = ()
    """What the user says after each answer."""
    group: str = ""
    """What it is counted under beside the whole: a domain, a length."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What its answer is judged by."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one item came to."""

    item: str
    points: Mapping[str, tuple[float, float]]
    """By metric: points, and what they are points of."""
    group: str = ""
    said: tuple[str, ...] = ()
    """The model's answers."""
    why: str = ""
    asked: str = ""
    """The last thing the user said, for people who read the marks."""


class Task(Part, ABC):
    """Something a model can be good at."""

    metrics: ClassVar[tuple[Metric, ...]]
    """The first is the one that is told where there is room for one."""
    limit: int | None = Field(default=None, gt=0)
    """Items at most: the first ones, in the data's order."""

    def identity(self) -> dict[str, Any]:
        """What, when changed, makes these other items: written beside the figures."""
        return {"task": type(self).__name__, **self.model_dump(mode="json"), **self.files_now()}

    def files_now(self) -> dict[str, Any]:
        """What is known of the files it reads."""
        return {}

    @abstractmethod
    def look(self) -> None:
        """Read of the data what tells whether it can be asked, before any model is loaded. Raises `UserError` and
        `WorldError`."""

    @abstractmethod
    async def marks(self, subject: "Subject", tell: Tell) -> list[Mark]:
        """A mark for each item. Raises `UserError` and `WorldError`."""

    async def duel(self, one: "Subject", other: "Subject", judge: "Subject | None", tell: Tell) -> list[Mark]:
        """Marks that only two models together have: a judge's verdicts. Their metrics are `duels`."""
        return []

    duels: ClassVar[tuple[Metric, ...]] = ()


class Asks(Task):
    """A task whose items are asked of an engine, greedily unless said."""

    temperature: float = Field(default=0.0, ge=0)
    max_tokens: int = Field(default=1024, gt=0)
    """Of one answer. An answer that is cut off is judged as it is."""

    @abstractmethod
    def items(self) -> Sequence[Item]:
        """What is asked. May read files or the Hub."""

    @abstractmethod
    def judge(self, item: Item, said: "Sequence[Said]") -> Mark:
        """What the answers are worth; `said` has one for each of the item's user turns."""

    @cached_property
    def asked(self) -> Sequence[Item]:
        """The items, read once for all models."""
        return self.items()

    @property
    def sampling(self) -> Sampling:
        """How answers are drawn."""
        return Sampling(temperature=self.temperature, max_tokens=self.max_tokens)

    def look(self) -> None:
        assert self.asked is not None

    async def marks(self, subject: "Subject", tell: Tell) -> list[Mark]:
        answers = await subject.answers(self.asked, self.sampling, tell)
        return [self.judge(item, said) for item, said in zip(self.asked, answers, strict=True)]
