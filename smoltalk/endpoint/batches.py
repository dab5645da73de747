"""Requests answered in batches within a day, at a lower price: gathered, handed in, polled, matched by id.

The routes are OpenAI's Batch API: `/files`, `/batches`, `/files/ID/content`.
"""

import asyncio
import hashlib
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field

from smoltalk.endpoint.batch_record import BatchRecord, Place, Submitted, read_line, split
from smoltalk.endpoint.client import Endpoint, encoded
from smoltalk.endpoint.faults import Gone, Trouble, judged, quotable
from smoltalk.errors import FactoryError, WorldError

T = TypeVar("T")
_OVER = {"completed", "failed", "expired", "cancelled"}
_FULL = "token_limit_exceeded"
"""The code of a batch that was not taken because too much is queued already."""


class BatchOptions(BaseModel):
    """How requests are gathered into batches."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    gather: float = Field(default=30.0, gt=0)
    """Seconds without a new request after which those gathered so far are handed in."""
    poll: float = Field(default=60.0, gt=0)
    """Seconds between two looks at a batch."""
    requests: int = Field(default=50_000, gt=0, le=50_000)
    """Most requests in a batch; 50,000 is OpenAI's limit."""
    megabytes: float = Field(default=200.0, gt=0, le=200)
    """Largest file; 200 MB is OpenAI's limit."""
    attempts: int = Field(default=5, gt=0)
    """Batches that one request may be in before it is given up; each takes only what is still missing."""


class Batches:
    """Answers like `Endpoint.ask`, by way of batches. Must be opened and closed in one event loop."""

    def __init__(self, endpoint: Endpoint, options: BatchOptions, record: Path, key: str = "") -> None:
        self._endpoint, self._options, self._key = endpoint, options, key
        self._file = record
        self._record: BatchRecord
        self._gathered: dict[str, dict[str, bytes]] = {}
        """By path: lines by id, not yet handed in."""
        self._away: set[str] = set()
        """Ids in a batch that is on its way or under way."""
        self._back: dict[str, Place] = {}
        self._tries: dict[str, int] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._lull: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Take up what an earlier session handed in. Raises `WorldError` when its record is damaged."""
        self._record = await asyncio.to_thread(BatchRecord, self._file)
        nameless = [one for one in self._record.submitted.values() if not one.batch and not one.done]
        known = await self._tags() if nameless else {}
        for one in list(self._record.submitted.values()):
            if one.done:
                self._back.update(self._record.places(one))
                continue
            if not one.batch and one.tag in known:
                one = self._record.named(one.tag, known[one.tag])
            if one.batch:
                self._away.update(one.ids)
                self._begin(self._follow(one), one.ids)

    async def close(self) -> None:
        """Stop watching; batches under way go on at the server, and the next session takes them up."""
        if self._lull is not None:
            self._lull.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for turns in self._waiting.values():
            for turn in turns:
                turn.cancel()

    async def ask(self, path: str, body: dict[str, Any], read: Callable[[dict[str, Any]], T]) -> T:
        """What `read` makes of the answer to `body`; raises as `Endpoint.ask` does.

        A request is known by its content, so the same request in a later session finds the answer of this one.
        """
        line, name = self._line(path, body)
        while True:
            await self._arrival(name, path, line)
            result = read_line(self._back[name])
            try:
                return read(self._judged(result))
            except Trouble as trouble:
                del self._back[name]
                if self._tries.get(name, 0) >= self._options.attempts:
                    raise Gone(f"{trouble.sentence} (after {self._tries[name]} batches)") from None

    def _line(self, path: str, body: dict[str, Any]) -> tuple[bytes, str]:
        words = encoded(body)
        name = hashlib.blake2b(path.encode() + b"\0" + words, digest_size=16).hexdigest()
        head = orjson.dumps({"custom_id": name, "method": "POST", "url": f"/v1{path}"})
        return head[:-1] + b',"body":' + words + b"}", name

    def _judged(self, result: dict[str, Any]) -> dict[str, Any]:
        response, error = result.get("response"), result.get("error")
        if not isinstance(response, dict):
            reason = error.get("message") or error.get("code") if isinstance(error, dict) else error
            words = quotable(str(reason), self._key)
            raise Trouble(f"{self._endpoint.where} did not answer a request of a batch: {words}")
        status, payload = response.get("status_code"), orjson.dumps(response.get("body"))
        where = self._endpoint.where
        return judged(status if isinstance(status, int) else 502, {}, payload, where=where, key=self._key)

    async def _arrival(self, name: str, path: str, line: bytes) -> None:
        """Wait until the answer is here; hand the request in unless it is on its way."""
        if name in self._back:
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(name, []).append(turn)
        if name not in self._away:
            self._gather(name, path, line)
        await turn

    def _gather(self, name: str, path: str, line: bytes) -> None:
        lines = self._gathered.setdefault(path, {})
        lines[name] = line
        if self._lull is not None:
            self._lull.cancel()
        if len(lines) >= self._options.requests:
            self._hand_in()
        else:
            self._lull = asyncio.get_running_loop().call_later(self._options.gather, self._hand_in)

    def _hand_in(self) -> None:
        gathered, self._gathered = self._gathered, {}
        for path, lines in gathered.items():
            for part in split(lines.items(), self._options.requests, int(self._options.megabytes * 1e6)):
                ids = [name for name, _ in part]
                self._away.update(ids)
                for name in ids:
                    self._tries[name] = self._tries.get(name, 0) + 1
                self._begin(self._submit(path, dict(part)), ids)

    async def _submit(self, path: str, lines: dict[str, bytes]) -> None:
        while True:
            one = self._record.intends(uuid.uuid4().hex[:12], path, list(lines))
            content = b"\n".join(lines.values()) + b"\n"
            file = await self._endpoint.upload("/files", {"purpose": "batch"}, f"{one.tag}.jsonl", content)
            order = {
                "input_file_id": file.get("id"),
                "endpoint": f"/v1{path}",
                "completion_window": "24h",
                "metadata": {"smoltalk": one.tag},
            }
            made = await self._endpoint.post("/batches", order)
            one = self._record.named(one.tag, str(made["id"]))
            if await self._watch(one) != _FULL:
                return
            await asyncio.sleep(self._options.poll)

    async def _follow(self, one: Submitted) -> None:
        await self._watch(one)

    async def _watch(self, one: Submitted) -> str:
        """Wait for a batch to end and let those know who wait for it; returns why it was not taken, if so."""
        while True:
            state = await self._endpoint.get(f"/batches/{one.batch}")
            if state.get("status") in _OVER:
                break
            await asyncio.sleep(self._options.poll)
        if state["status"] == "failed":
            return self._not_taken(one, state)
        names = []
        for kind in ("output", "error"):
            if file := state.get(f"{kind}_file_id"):
                to = self._record.results_file(one.tag, kind)
                await self._endpoint.download(f"/files/{file}/content", to)
                names.append(to.name)
        self._back.update(self._record.places(self._record.done(one.tag, names)))
        self._settle(one.ids)
        return ""

    def _not_taken(self, one: Submitted, state: dict[str, Any]) -> str:
        self._record.done(one.tag, [])
        errors = (state.get("errors") or {}).get("data") or [{}]
        code, words = str(errors[0].get("code")), quotable(str(errors[0].get("message")), self._key)
        if code == _FULL and self._tries:
            return _FULL
        raise WorldError(f"{self._endpoint.where} did not take a batch: {words}")

    def _settle(self, ids: list[str]) -> None:
        """Wake those whose answer is here; for the others the batch has ended without one (expired, cancelled)."""
        for name in ids:
            self._away.discard(name)
