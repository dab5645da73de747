"""Magpie: an aligned model writes the user's turns out of nothing, then answers them.

Xu et al., "Magpie: Alignment Data Synthesis from Scratch by Prompting Aligned LLMs with Nothing", arXiv 2406.08464.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate, count
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from smoltalk.asking_step import AsksOne
from smoltalk.catalog import data_folder
from smoltalk.contracts import Ask, Role, Source
from smoltalk.described import Described
from smoltalk.errors import BadReply, Problem, RowFailed, UserError, nearest
from smoltalk.requests import Reply, Request, Sampling
from smoltalk.rows import Message, Row, message
from smoltalk.text import control_mark

_GOLDEN = 0x9E3779B97F4A7C15
"""2^64 / golden ratio: the additive recurrence with the most even spread (Knuth, TAOCP 3, section 6.4)."""

_HEADER = re.compile(r"^(?:user|assistant)\n", re.M)
"""A reply that holds this, or a control mark, ran past its turn, or gave its template away."""

_LABEL = re.compile(r"(?:user|question|query|task|problem|instruction|prompt|request)\s*:(?=\s)", re.IGNORECASE)
_ANSWERED = re.compile(r"\n\W{0,4}(?:(?:answer|solution|response|assistant|output)\s*:|step 1\b).*", re.I | re.S)
"""Where an invented user starts to answer: a line that is headed so, and all that follows it."""

_NO_HEADINGS = ("#", "**")
"""De-markdown, as Magpie's authors do for Llama-3.1: no turn starts with a heading or in bold."""


class UserTurn(Sampling):
    """Sampling of the user's turns; wide, since the variety of the set comes from here."""

    max_tokens: int = Field(default=256, gt=0)
    forbid_first: tuple[str, ...] = _NO_HEADINGS


class AssistantTurn(Sampling):
    """Sampling of the answers; narrow, but not greedy, or asking again would bring the same reply."""

    temperature: float = Field(default=0.6, ge=0)
    top_p: float = Field(default=0.9, gt=0, le=1)
    max_tokens: int = Field(default=1024, gt=0)
    forbid_first: tuple[str, ...] = _NO_HEADINGS


Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Category(Described):
    """A share of the rows, and the system prompt that steers what its user asks."""

    weight: Weight
    """Its share is this over the sum of all weights."""
    system: str | None = Field(default=None, min_length=1)
    """Without it, the prompt that ships as `templates/system/NAME.txt`."""


class Magpie(Source, AsksOne):
    """Bears rows without end and fills them: `category`, `messages`, and the first turns as `instruction`, `response`.

    A turn that cannot be had fails the row; a conversation is never kept with a hole in it.
    """

    engine_kind: ClassVar[str] = "completes"

    turns: int = Field(default=1, ge=1, le=32)
    """Exchanges in a conversation: one user turn and one answer each."""
    categories: dict[str, Weight | Category] = Field(default_factory=dict)
    """`name: weight` or `name: {weight, system}`; without any, every row is of category `any` and nothing steers it."""
    user: UserTurn = Field(default_factory=UserTurn)
    assistant: AssistantTurn = Field(default_factory=AssistantTurn)
    system_for_answers: bool = False
    """Show the category's system prompt to the answering turns too, not only to the asking ones."""
    keep_system: bool = False
    """Keep the category's system prompt as the first turn of `messages`."""
    tidy: bool = False
    """Take `Question:` off the user's turns, and cut them where the model begins to answer itself (`Answer:`, `Step 1`
    at the head of a line), as Magpie's authors do. A user who pastes such a text loses it."""
    attempts: int = Field(default=3, ge=1)
    """How often one turn is asked before the row is given up."""

    @model_validator(mode="after")
    def _prompts_exist(self) -> Self:
        bare = [name for name in self.categories if self._category(name).system is None]
        shipped = {path.stem for path in _prompts().glob("*.txt")} if bare else set()
        problems = [
            Problem("", 0, f"category `{name}` has no `system`, and no prompt for it ships", nearest(name, shipped))
            for name in bare
            if name not in shipped
        ]
        if problems:
            raise UserError(problems)
        return self

    def writes(self) -> frozenset[str]:
        return frozenset({"category", "messages", "instruction", "response"})

    def born_with(self) -> frozenset[str]:
        return frozenset({"category"})

    def roles(self) -> frozenset[Role]:
        return frozenset({"user", "assistant"})

    def says(self) -> Mapping[str, str]:
        return {f"system prompt of {name}": text for name, text in self._systems.items() if text}

    def identity(self) -> dict[str, Any]:
        """Shipped system prompts count by their text."""
        fields = self.model_dump(mode="json", exclude={"engine", "categories", "attempts", "tidy"})
        if self.tidy:
            fields["tidy"] = True
        return fields | {"shares": self._shares(), "systems": self._systems}

    def fingerprint(self) -> str:
        """Rows are the same as long as their categories are."""
        return "magpie " + " ".join(f"{name}={share!r}" for name, share in self._shares().items())

    def shares(self) -> tuple[str, Mapping[str, float]] | None:
        return ("category", self._shares()) if self.categories else None

    def size(self) -> None:
        return None

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        """Categories by an additive recurrence: any stretch of rows holds them close to their shares."""
        shares = self._shares()
        if not shares:
            yield from ({"category": "any"} for _ in count())
        names = list(shares)
        edges = [int(edge * 2**64) for edge in accumulate(shares.values())]
        for index in count(start):
            point = (2**63 + index * _GOLDEN) % 2**64
            place = next((i for i, edge in enumerate(edges) if point < edge), len(names) - 1)
            yield {"category": names[place]}

    async def write(self, row: Row, ask: Ask) -> Row:
        prompt = self._systems.get(row["category"])
        steer = [message("system", prompt)] if prompt else []
        said: list[Message] = []
        for turn in range(self.turns):
            request = Request([*steer, *said], self.user, role="user")
            read = _tidy_turn if self.tidy else _one_turn
            asked = await ask(self.engine, request, read, turn=2 * turn, attempts=self.attempts)
            said.append(message("user", asked))
            request = Request([*(steer if self.system_for_answers else []), *said], self.assistant)
            answer = await ask(self.engine, request, _one_turn, turn=2 * turn + 1, attempts=self.attempts)
            said.append(message("assistant", answer))
        return {
            "messages": [*(steer if self.keep_system else []), *said],
            "instruction": said[0]["content"],
            "response": said[1]["content"],
        }

    @cached_property
    def _systems(self) -> dict[str, str]:
        """The system prompt of every category, read once."""
        return {name: self._category(name).system or _shipped(name) for name in sorted(self.categories)}

    def _category(self, name: str) -> Category:
        named = self.categories[name]
        return named if isinstance(named, Category) else Category(weight=named)

    def _shares(self) -> dict[str, float]:
        """Shares that sum to 1, by name, so that the order in the YAML does not matter."""
        weights = {name: self._category(name).weight for name in sorted(self.categories)}
        return {name: weight / sum(weights.values()) for name, weight in weights.items()}


def _shipped(name: str) -> str:
    return (_prompts() / f"{name}.txt").read_text(encoding="utf-8").strip()


def _prompts() -> Path:
    return data_folder("templates") / "system"


def _one_turn(reply: Reply) -> str:
    """The text of one finished turn. Raises `BadReply`: `truncated`, `empty` or `markup`."""
    if reply.finish == "length":
        raise BadReply("truncated", f"cut off after {reply.tokens_out} tokens")
    text = reply.text.strip()
    if not text:
        raise BadReply("empty")
    if found := control_mark(text) or ((header := _HEADER.search(text)) and header[0]):
        raise BadReply("markup", repr(found))
    return text


def _tidy_turn(reply: Reply) -> str:
    """A user's turn without what the model put around it. Raises `BadReply` as `_one_turn`, and `empty` for no rest."""
    text = _one_turn(reply)
    text = _ANSWERED.sub("", text[label.end() :] if (label := _LABEL.match(text)) else text).strip()
    if not text:
        raise BadReply("empty", "nothing was left of it")
    return text
