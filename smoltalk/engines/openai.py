"""Any OpenAI-compatible endpoint: found by its address, paid by its price table, asked as fast as it takes."""

import asyncio
import os
import re
from collections.abc import Iterator
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, field_validator

from smoltalk.contracts import Engine, Reply, Request
from smoltalk.endpoint import Endpoint, Patience, Price, Refused, chat_body, chat_reply, text_body, text_reply
from smoltalk.endpoint.batches import Batches, BatchOptions
from smoltalk.endpoint.bodies import Structured
from smoltalk.endpoint.dialect import Dialect, Wanted
from smoltalk.errors import RowFailed, WorldError

if TYPE_CHECKING:
    from smoltalk.chat_format import ChatFormat

OPENAI = "https://api.openai.com/v1"
_FIRST_WAVE = 32
"""Requests in flight before anything is known of the endpoint; doubled with each round of replies it gives."""
_REDRAWS = 4
"""Replies drawn to get one that starts as it may."""
_STEP = 0x9E3779B97F4A7C15
"""Between the seeds of two draws; any large odd number does."""


class OpenAI(Engine):
    """A model behind an OpenAI-compatible API, OpenAI's own or another's."""

    model: str = Field(min_length=1)
    """Its name at the endpoint."""
    base_url: str = OPENAI
    """Address of the API, as far as `/v1`."""
    api_key_env: str | None = None
    """Environment variable that holds the key; default: OPENAI_API_KEY at OpenAI's own address, no key elsewhere."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """More fields for every request, by their own names (`reasoning_effort: low`); null takes a field out."""
    structured: Wanted = "auto"
    """How a reply's form is asked for; `auto` tries what the endpoint may take, `none` leaves it to the prompt."""
    tokenizer: str | None = None
    """Folder or Hub id whose chat template writes user turns (Magpie); default: `model`, where that is a Hub id."""
    price: Price | None = None
    """What the endpoint charges, so that the books show the cost and `max_cost` can stop a run."""
    batch: BatchOptions | None = None
    """Answer by the endpoint's Batch API: slower by hours, often at half the price (give the lower one in `price`)."""
    timeout: float = Field(default=600.0, gt=0)
    """Seconds that one try may take."""
    attempts: int = Field(default=8, gt=0)
    """Tries of a request before the endpoint counts as gone; being told to slow down is not one."""

    _endpoint: Endpoint | None = PrivateAttr(None)
    _batches: Batches | None = PrivateAttr(None)
    _dialect: Dialect | None = PrivateAttr(None)
    _log: Path | None = PrivateAttr(None)

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address such as https://api.openai.com/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must be an address and nothing more: a key goes into an environment variable")
        if parts.path.rstrip("/").endswith("/completions"):
            raise ValueError("must be the address before the route: leave out `/chat/completions`")
        return value.rstrip("/")

    @field_validator("api_key_env")
    @classmethod
    def _is_variable(cls, value: str | None) -> str | None:
        name = (value or "").removeprefix("$")
        if name and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name):
            raise ValueError("must be the name of an environment variable, not a key")
        return name or None

    def check(self) -> Iterator[str]:
        """Says what is wrong with a tokenizer folder; one on the Hub is not fetched to ask."""
        if self.tokenizer and Path(self.tokenizer).is_dir():
            from smoltalk.chat_format import ChatFormat

            try:
                yield from ChatFormat.of_folder(Path(self.tokenizer)).faults()
            except WorldError as error:
                yield error.sentence
        elif self.tokenizer and not _is_hub_id(self.tokenizer):
            yield f"`tokenizer: {self.tokenizer}` is neither a folder here nor a name on the Hub (`owner/name`)"

    def no_user_turns(self) -> str:
        """Why this engine cannot write user turns (Magpie), a sentence; empty when it can."""
        if self.base_url == OPENAI:
            return "OpenAI does not show its chat template, so its models cannot be made to write user turns"
        if self._template is None:
            return f"`{self.model}` is no Hub id: name its `tokenizer:`, whose chat template writes user turns"
        return ""

    def identity(self) -> dict[str, Any]:
        """What is asked of whom; not how it is paid, paced and retried, nor which port of this machine it is at."""
        fields = self.model_dump(mode="json", include={"model", "extra", "structured", "tokenizer"})
        return fields if _is_here(self.base_url) else fields | {"base_url": self.base_url}

    def plan(self) -> str:
        """The model, where it is asked, and whose key pays."""
        key = self._key_name
        how = f"in batches, looked at every {self.batch.poll:g} s" if self.batch else f"{self.max_in_flight} in flight"
        paid = f"key from ${key}{'' if os.environ.get(key) else ' (not set)'}" if key else "no key"
        return f"openai: {self.model} at {self.base_url}, {paid}, {how}"

    async def start(self, folder: Path) -> None:
        """Connect and see that the key is taken. Raises `WorldError` with what to change, `Gone` when nobody is there."""
        if self._endpoint is not None:
            return
        self._log = folder / f"openai-{re.sub(r'[^A-Za-z0-9.-]+', '-', self.model)}.log"
        endpoint = Endpoint(
            self.base_url,
            key=self._key(),
            max_in_flight=self.max_in_flight,
            start=_FIRST_WAVE,
            timeout=self.timeout,
            patience=Patience(attempts=self.attempts),
            proxies=not _is_here(self.base_url),
        )
        self._dialect = Dialect(self.structured, endpoint.where, self._say)
        await endpoint.open()
        self._endpoint = endpoint
        try:
            await self._greet(endpoint)
            if self.batch:
                self._batches = Batches(endpoint, self.batch, self._log.with_suffix(".batches"))
                await self._batches.open()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close every connection; batches under way stay with the endpoint until the next start."""
        batches, self._batches = self._batches, None
        endpoint, self._endpoint = self._endpoint, None
        if batches is not None:
            await batches.close()
        if endpoint is not None:
            await endpoint.close()

    async def complete(self, request: Request) -> Reply:
        """Write one turn.

        Raises `RowFailed` (`prompt_too_long`, `refused` by a content filter, `bad_request`, `forbidden_start` when every
        draw began with one of `forbid_first`) and `WorldError` when no request can succeed.
        """
        began, cost, tokens_out = monotonic(), 0.0, 0
        for draw in range(_REDRAWS):
            reply = await self._drawn(request, request.seed + draw * _STEP & 2**63 - 1, began)
            cost, tokens_out = cost + reply.cost, tokens_out + reply.tokens_out
            if not reply.text.lstrip().startswith(request.sampling.forbid_first or (_NOTHING,)):
                break
        else:
            raise RowFailed("forbidden_start", f"{_REDRAWS} replies in a row began with one of `forbid_first`")
        return reply if draw == 0 else _paid(reply, cost, tokens_out)
