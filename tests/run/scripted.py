"""Engines for tests: replies are a function of the request, so a run of any length is known beforehand."""

import asyncio
import json
from pathlib import Path
from typing import Literal

from smoltalk.contracts import Engine, Reply, Request
from smoltalk.rows import Conversation


class Scripted(Engine):
    """Writes user turns `question <seed>` and answers `answer to <question>`; ratings when a schema is asked for."""

    style: Literal["good", "rude"] = "good"
    broken_every: int = 0
    """Every n-th reply is empty, told from the seed."""
    delay: float = 0.0

    async def start(self, folder: Path) -> None:
        return None

    async def stop(self) -> None:
        return None

    async def complete(self, request: Request) -> Reply:
        await asyncio.sleep(self.delay)
        if self.broken_every and request.seed % self.broken_every == 0:
            return Reply("", tokens_in=1)
        if request.schema:
            text = json.dumps(
                {
                    name: field["enum"][request.seed % len(field["enum"])] if "enum" in field else "because"
                    for name, field in request.schema["properties"].items()
                }
            )
        elif request.role == "user":
            text = f"question {request.seed}"
        else:
            text = f"{self.style} answer to {request.messages[-1]['content']}"
        return Reply(text, tokens_in=10, tokens_out=len(text.split()))


class Scorer(Engine):
    """Scores a conversation by its length."""

    kind = "scores"

    async def start(self, folder: Path) -> None:
        return None

    async def stop(self) -> None:
        return None

    async def score(self, messages: Conversation) -> Reply:
        return Reply(repr(float(sum(len(m["content"]) for m in messages) % 97)), finish="score", tokens_in=1)
