"""Which columns of a source hold what: the conversation, what is kept, and what `where` looks at."""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from smoltalk.errors import Problem, UserError, nearest
from smoltalk.mixture.piece import CALLS
from smoltalk.mixture.roles import ASSISTANT, SYSTEM, USER
from smoltalk.mixture.source import MixSource

Makes = Literal["sft", "dpo"]
_SPEAKERS = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}
PAIR = ("prompt", "chosen", "rejected")
OURS = ("id", "source", "source_id", *CALLS, *CALLS.values())
"""Columns of every piece, or of every piece of one form."""
OWN_ID = "id"


class Layout(NamedTuple):
    """Names are theirs, but for the keys of `kept`, which are ours, and of `pair`."""

    messages: str
    """The column of turns; empty where there is none."""
    speakers: dict[int, str]
    """The columns of single turns, by the codes of their speakers."""
    pair: dict[str, str]
    """`prompt` need not be there: then it is what both answers begin with."""
    kept: dict[str, str]
    where: tuple[str, ...]

    @property
    def read(self) -> frozenset[str]:
        """All columns that are read."""
        single = {self.messages, *self.speakers.values(), *self.pair.values()} - {""}
        return frozenset({OWN_ID, *single, *self.kept.values(), *self.where})

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which no row is a conversation."""
        single = [name for speaker, name in self.speakers.items() if speaker != SYSTEM]
        answers = [name for part, name in self.pair.items() if part != "prompt"]
        return tuple(name for name in (self.messages, *single, *answers) if name)


def layout(source: MixSource, makes: Makes, columns: Collection[str]) -> Layout:
    """What the YAML says of a source's columns; `columns` are what is asked for beside the conversation, ours."""
    given = source.columns
    pair = {name: given.get(name, name) for name in PAIR} if makes == "dpo" else {}
    speakers = {}
    if makes == "sft" and {"user", "assistant"} <= given.keys():
        speakers = {code: given[name] for name, code in _SPEAKERS.items() if name in given}
    messages = "" if pair or speakers else given.get("messages", "messages")
    kept = {name: given.get(name, name) for name in dict.fromkeys(columns) if name not in _of_piece(makes)}
    return Layout(messages, speakers, pair, kept, tuple(source.where))


def _of_piece(makes: Makes) -> set[str]:
    talks = PAIR if makes == "dpo" else ("messages",)
    return {"id", "source", "source_id", *talks, *(CALLS[name] for name in talks)}


def missing(name: str, source: MixSource, found: Layout, there: Sequence[str]) -> UserError | None:
    """What to say of a source named `name` with columns `there` that lacks some it must have."""
    named = dict.fromkeys((*found.needed, *source.columns.values(), *source.where))
    lacks = [theirs for theirs in named if theirs not in there]
    if not lacks:
        return None
    place = f"mix.sources.{name}"
    return UserError(Problem(place, 0, f"has no column `{theirs}`", nearest(theirs, there)) for theirs in lacks)
