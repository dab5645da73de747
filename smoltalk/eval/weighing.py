"""Conversations weighed by a model's own weights, a block at a time: what is in memory does not grow with the data."""

import asyncio
import math
from collections.abc import Iterable, Sequence
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

import orjson

from smoltalk.eval.asking import WEIGHED, Replies, Said
from smoltalk.eval.task import Tell
from smoltalk.train.spelling import Of, Talk

if TYPE_CHECKING:
    from smoltalk.train.losses import Weighed

_BLOCK = 128
"""Conversations at a time: enough to sort by length, few enough to stop soon."""


class Scales(NamedTuple):
    """A model's weights and how they are used."""

    weights: str
    """A folder, or an id of the Hub."""
    device: str
    longest: int
    """Tokens of a conversation at most."""


class Batches:
    """What a model made of batches of conversations, among the replies of an evaluation."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies

    def get(self, key: str) -> list[float] | None:
        """Of each conversation; what is no number is NaN."""
        said = self._replies.get(key)
        return [math.nan if one is None else float(one) for one in orjson.loads(said.text)] if said else None

    def put(self, key: str, nats: Sequence[float]) -> None:
        """Write a batch down."""
        self._replies.put(key, Said(orjson.dumps(list(nats)).decode(), WEIGHED, len(nats)))


class _Stopped(Exception):
    """Nobody waits for the answer any more."""


async def weighed(
    by: Scales, talks: Iterable[Talk], of: Of, total: int, tell: Tell, kept: Batches | None = None
) -> "list[Weighed]":
    """Each conversation's likelihood, in order; batches that are `kept` are not weighed again.

    Raises `UserError` and `WorldError`.

    Whoever is cancelled while this runs waits no longer than a batch of it takes.
    """
    from smoltalk.train.losses import CausalModel

    stopped, found = Event(), list["Weighed"]()

    def told(done: int, _: int) -> None:
        if stopped.is_set():
            raise _Stopped
        tell(len(found) + done, total)

    try:
        model = await asyncio.to_thread(CausalModel.load, by.weights, by.device, by.longest)
        rest = iter(talks)
        while block := list(islice(rest, _BLOCK)):
            found += await asyncio.to_thread(model.weigh, block, of, told, kept)
    finally:
        stopped.set()
    return found
