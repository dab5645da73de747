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
from pydantic import Field

from smoltalk.described import Described
from smoltalk.endpoint.batch_index import BatchIndex
from smoltalk.endpoint.batch_record import BatchRecord, Place, Submitted, read_line, split
from smoltalk.endpoint.client import Endpoint, encoded
from smoltalk.endpoint.faults import Denied, Gone, Refused, Trouble
from smoltalk.errors import RowFailed, WorldError

T = TypeVar("T")
TAG = "smoltalk"
"""The name of the tag in a batch's metadata, by which one is found again whose making was not heard of."""
_OVER = {"completed", "failed", "expired", "cancelled"}
_FORGOTTEN = (404, 410)
"""What a server says of batches of another account, and of result files that it no longer keeps (OpenAI: 30 days).
Requests whose results are gone are in the next batch; a batch that is gone is for the user to decide."""
_FULL = "token_limit_exceeded"
"""The code of a batch that was not taken because too much is queued already."""


class BatchOptions(Described):
    """How requests are gathered into batches."""

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

    @property
    def bytes(self) -> int:
        """`megabytes` in bytes."""
        return int(self.megabytes * 1e6)


class Batches:
    """Answers as `Endpoint.ask` does, by way of batches. Opened and closed in one event loop."""

    def __init__(self, endpoint: Endpoint, options: BatchOptions, record: Path) -> None:
        self._endpoint, self._options, self._file = endpoint, options, record
        self._record: BatchRecord
        self._index: BatchIndex | None = None
        """Answers of batches that earlier sessions saw the end of."""
        self._gathered: dict[str, dict[str, bytes]] = {}
        """By path: lines by id, not yet handed in."""
        self._size = 0
        """Bytes of the lines gathered."""
        self._away: set[str] = set()
        """Ids of requests in a batch that has not ended."""
        self._under_way = 0
        self._back: dict[str, Place] = {}
        """Answers of this session's batches that nobody has asked for yet."""
        self._faults: dict[str, Exception] = {}
        """What became of batches of earlier sessions before anybody asked for their answers: handing the same requests
        in again would pay for them twice."""
        self._waiting: dict[str, list[asyncio.Future[Place | None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._lull: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Take up what an earlier session handed in. Raises `WorldError` when its record is damaged."""
        self._record = await asyncio.to_thread(BatchRecord, self._file)
        open_ones = [one for one in self._record.submitted.values() if not one.done]
        named = await self._named() if any(not one.batch for one in open_ones) else {}
        self._index = await asyncio.to_thread(self._earlier)
        for one in open_ones:
            if batch := one.batch or named.get(one.tag):
                self._begin(self._followed(one.tag, batch), one.ids)
            else:  # the server never heard of it
                self._record.done(one.tag, [])

    def _earlier(self) -> BatchIndex:
        index = BatchIndex(self._file.with_name(f"{self._file.stem}.index.db"))
        for one in self._record.submitted.values():
            index.add(one.results)
        return index

    async def close(self) -> None:
        """Stop watching; batches under way go on at the server, and the next session takes them up."""
        if self._lull is not None:
            self._lull.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._index is not None:
            self._index.close()
        for turn in [turn for turns in self._waiting.values() for turn in turns]:
            turn.cancel()

    async def ask(self, path: str, body: dict[str, Any], read: Callable[[dict[str, Any]], T], *, seed: int = 0) -> T:
        """What `read` makes of the answer to `body`; raises as `Endpoint.ask` does.

        A request is known by its content and its seed, which need not be in the body: the same one in a later session
        finds the answer of this one, and the same words of another row are answered anew.
        One that no batch answers is the row's failure (`unanswered`): the endpoint took the batches.
        """
        words = encoded(body)
        name = hashlib.blake2b(b"\0".join((path.encode(), b"%d" % seed, words)), digest_size=16).hexdigest()
        head = orjson.dumps({"custom_id": name, "method": "POST", "url": f"/v1{path}"})
        line = head[:-1] + b',"body":' + words + b"}"
        trouble, earlier = Trouble(""), self._index.place(name) if self._index else None
        for _ in range(self._options.attempts):
            place = self._back.pop(name, None) or earlier or await self._round(name, path, line)
            earlier = None
            try:
                return read(self._judged(place))
            except Trouble as error:
                trouble = error
        raise RowFailed("unanswered", f"{trouble.sentence} (after {self._options.attempts} batches)")

    def _judged(self, place: Place | None) -> dict[str, Any]:
        """The body of a result. Raises as `judged` does, `Trouble` when there is none."""
        endpoint = self._endpoint
        if place is None:
            raise Trouble(f"{endpoint.where} ended a batch without an answer to a request")
        result = read_line(place)
        response = result.get("response")
        if not isinstance(response, dict):
            raise Trouble(f"{endpoint.where} did not answer a request: {endpoint.quoted(str(result.get('error')))}")
        status = response.get("status_code")
        return endpoint.judged(status if isinstance(status, int) else 502, {}, orjson.dumps(response.get("body")))

    async def _round(self, name: str, path: str, line: bytes) -> Place | None:
        """Wait for the batch that the request is in, or will be in; None when it ended without an answer."""
        if name in self._faults:
            raise self._faults[name]
        turn: asyncio.Future[Place | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(name, []).append(turn)
        if name not in self._away:
            self._gather(name, path, line)
        return await turn

    def _gather(self, name: str, path: str, line: bytes) -> None:
        lines = self._gathered.setdefault(path, {})
        self._size += len(line) + 1
        lines[name] = line
        if self._lull is not None:
            self._lull.cancel()
        if len(lines) >= self._options.requests or self._size >= self._options.bytes:
            self._hand_in()
        else:
            self._lull = asyncio.get_running_loop().call_later(self._options.gather, self._hand_in)

    def _hand_in(self) -> None:
        gathered, self._gathered, self._size = self._gathered, {}, 0
        for path, lines in gathered.items():
            for part in split(lines.items(), self._options.requests, self._options.bytes):
                self._begin(self._handed_in(path, part), [name for name, _ in part])

    def _begin(self, work: Coroutine[Any, Any, object], ids: list[str]) -> None:
        """Do the work beside everything else; whoever waits for one of `ids` hears of its end."""
        self._away.update(ids)

        async def whole() -> None:
            fault: Exception | None = None
            try:
                await work
            except Refused as error:
                fault = WorldError(f"{self._endpoint.where} does not take batches ({error.status}): {error.message}")
            except Exception as error:
                fault = error
            self._tell(ids, fault)

        task = asyncio.create_task(whole())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, ids: list[str], fault: Exception | None) -> None:
        for name in ids:
            self._away.discard(name)
            turns = [turn for turn in self._waiting.pop(name, ()) if not turn.done()]
            place = self._back.pop(name, None) if turns else None
            if fault is not None and not turns and name not in self._back:
                self._faults[name] = fault
            for turn in turns:
                if place is None and fault is not None:
                    turn.set_exception(fault)
                else:
                    turn.set_result(place)

    async def _handed_in(self, path: str, lines: list[tuple[str, bytes]]) -> None:
        """Hand in a batch and wait for its end; in halves when it alone is more than the server queues."""
        tag = uuid.uuid4().hex[:12]
        self._record.intends(tag, path, [name for name, _ in lines])
        content = b"".join(line + b"\n" for _, line in lines)
        file = await self._endpoint.upload("/files", {"purpose": "batch"}, f"{tag}.jsonl", content)
        del content
        if not await self._followed(tag, await self._created(tag, path, file)):
            return
        await asyncio.sleep(self._options.poll)
        if len(lines) == 1 and not self._under_way:
            raise WorldError(f"{self._endpoint.where} queues no batch of even one request: its limit is used up")
        half = len(lines) if self._under_way else len(lines) // 2
        for part in filter(None, (lines[:half], lines[half:])):
            await self._handed_in(path, part)

    async def _created(self, tag: str, path: str, file: dict[str, Any]) -> str:
        """The server's name for the new batch. A lost answer is not asked for again before looking: batches cost."""
        order = {
            "input_file_id": file.get("id"),
            "endpoint": f"/v1{path}",
            "completion_window": "24h",
            "metadata": {TAG: tag},
        }
        for _ in range(self._options.attempts):
            try:
                return await self._endpoint.ask("POST", "/batches", order, _id, again=False)
            except Trouble as error:
                trouble = error
            await asyncio.sleep(self._options.poll)
            if batch := (await self._named()).get(tag):
                return batch
        raise Gone(f"{trouble.sentence} (after {self._options.attempts} tries)")

    async def _followed(self, tag: str, batch: str) -> bool:
        """Wait for the end of a batch and fetch its results; true when it was not taken because the queue is full."""
        one = self._record.named(tag, batch)
        self._under_way += 1
        try:
            while (state := await self._looked_at(one, batch)).get("status") not in _OVER:
                await asyncio.sleep(self._options.poll)
        finally:
            self._under_way -= 1
        if state["status"] == "failed":
            return self._not_taken(one, state)
        names = []
        for kind in ("output", "error"):
            if file := state.get(f"{kind}_file_id"):
                to = self._record.results_file(tag, kind)
                try:
                    await self._endpoint.download(f"/files/{file}/content", to)
                except Denied as error:
                    if error.status not in _FORGOTTEN:
                        raise
                else:
                    names.append(to.name)
        one = self._record.done(tag, names)
        self._back.update(await asyncio.to_thread(self._record.places, one))
        return False

    async def _looked_at(self, one: Submitted, batch: str) -> dict[str, Any]:
        try:
            return await self._endpoint.get(f"/batches/{batch}")
        except Denied as error:
            if error.status not in _FORGOTTEN:
                raise
            raise WorldError(
                f"{self._endpoint.where} knows no batch {batch}, handed in from here with {len(one.ids):,} requests: "
                f"is the key another one? To have them answered, and paid, again: remove {self._record.path}"
            ) from None

    def _not_taken(self, one: Submitted, state: dict[str, Any]) -> bool:
        self._record.done(one.tag, [])
        error = ((state.get("errors") or {}).get("data") or [{}])[0]
        if error.get("code") == _FULL:
            return True
        words = self._endpoint.quoted(str(error.get("message")))
        raise WorldError(f"{self._endpoint.where} did not take a batch: {words}")

    async def _named(self) -> dict[str, str]:
        """The server's names for the newest thousand batches that carry a tag of ours."""
        found: dict[str, str] = {}
        after = ""
        for _ in range(10):
            page = await self._endpoint.get(f"/batches?limit=100{after}")
            listed = [one for one in page.get("data") or () if isinstance(one, dict)]
            found |= {(one.get("metadata") or {}).get(TAG, ""): str(one.get("id")) for one in listed}
            if not page.get("has_more") or not listed:
                break
            after = f"&after={listed[-1].get('id')}"
        return found


def _id(made: dict[str, Any]) -> str:
    if not isinstance(made.get("id"), str):
        raise Trouble("the server made a batch and did not name it")
    return str(made["id"])
