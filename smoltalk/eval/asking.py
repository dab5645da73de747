"""Items asked of an engine, many at once; every reply is written down before it is used, and never paid for twice."""

import asyncio
import fcntl
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

from smoltalk.contracts import Engine
from smoltalk.errors import RowFailed, WorldError
from smoltalk.requests import Request
from smoltalk.text import valid

WEIGHED = "weighed"
"""The `finish` of a batch of conversations of which a model's own weights gave the likelihood."""


class Said(NamedTuple):
    """An answer as it is judged and kept."""

    text: str
    finish: str
    """As a `Reply` says, or the kind of a `RowFailed`."""
    tokens: int = 0
    """Of a batch that was weighed: conversations."""
    why: str = ""
    """Why there is no answer."""


class Replies:
    """The file of all replies of an evaluation, by what was asked of whom; a line that is cut short is passed over."""

    def __init__(self, path: Path) -> None:
        """Raises `WorldError` where it cannot be written."""
        self._known: dict[str, Said] = {}
        self.kept = 0
        """Replies, and conversations that were weighed, that were there before."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = path.open("ab")
            self._alone(path)
            self._read(path)
        except OSError as error:
            sentence = f"{path.parent} cannot be written: {error.strerror}"
            raise WorldError(sentence, command="the same command with `--out` and another folder") from error

    def _alone(self, path: Path) -> None:
        """The kernel lets go of the lock however the process ends."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            sentence = f"{path.parent} is being written by another process"
            raise WorldError(sentence, command="the same command with `--out` and another folder") from None

    def _read(self, path: Path) -> None:
        text = path.read_bytes()
        if text and not text.endswith(b"\n"):
            self._file.write(b"\n")
        for line in text.splitlines():
            try:
                one = orjson.loads(line)
                self._known[one["key"]] = Said(*(one[name] for name in Said._fields))
            except (ValueError, KeyError, TypeError):
                continue
        self.kept = sum(one.tokens if one.finish == WEIGHED else 1 for one in self._known.values())

    def get(self, key: str) -> Said | None:
        """What was said before."""
        return self._known.get(key)

    def put(self, key: str, said: Said) -> None:
        """Write a reply down."""
        self._known[key] = said
        try:
            self._file.write(orjson.dumps({"key": key, **said._asdict()}) + b"\n")
            self._file.flush()
        except OSError as error:
            raise WorldError(f"{self._file.name}: {error.strerror}", kept="all replies before this one") from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class Asking:
    """One engine, its budget of requests in flight, and the replies that are known."""

    def __init__(self, engine: Engine, replies: Replies) -> None:
        self._engine, self.replies = engine, replies
        self._room = asyncio.Semaphore(engine.max_in_flight)
        place = getattr(engine, "base_url", None) or getattr(engine, "endpoint", None)
        # A run asks one engine, wherever it is today; two models under evaluation may have one name on two ports.
        of = [type(engine).__name__, engine.identity(), *([place] if place else [])]
        self._identity = json.dumps(of, sort_keys=True, default=str)

    async def __call__(self, request: Request) -> Said:
        """The engine's reply, or the one it gave before. What it cannot answer is an empty text with the reason."""
        key = self.key(request)
        if (known := self.replies.get(key)) is not None:
            return known
        async with self._room:
            try:
                reply = await self._engine.complete(request)
                said = Said(valid(reply.text), reply.finish, reply.tokens_out)
            except RowFailed as error:
                said = Said("", error.kind, 0, error.detail)
        self.replies.put(key, said)
        return said

    async def score(self, messages: Sequence[Mapping[str, Any]]) -> float:
        """The engine's score of a conversation. Raises `RowFailed`."""
        key = self._key(["score", list(messages)])
        if (known := self.replies.get(key)) is not None:
            return float(known.text)
        async with self._room:
            reply = await self._engine.score(messages)  # type: ignore[arg-type]
        self.replies.put(key, Said(reply.text, reply.finish))
        return float(reply.text)

    def key(self, request: Request) -> str:
        """What the reply is kept under: the engine, by what changes its replies, and all of the request."""
        return self._key([*request[:1], request.sampling.model_dump(mode="json"), *request[2:]])

    def _key(self, asked: Sequence[Any]) -> str:
        text = json.dumps([self._identity, *asked], sort_keys=True, default=str)
        return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()
