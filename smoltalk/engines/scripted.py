"""An engine whose replies are written in a file: for rehearsing a pipeline without a model."""

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from smoltalk.contracts import Engine
from smoltalk.prompts.script import Script
from smoltalk.requests import Reply, Request


class Scripted(Engine):
    """Says what its file says: no model, no network, the same reply to the same request with the same seed.

    It rehearses a pipeline, and tests the rest of it; what it makes is no data to train on.
    """

    looks_up: ClassVar[tuple[str, ...]] = ("_script",)

    replies: str
    """A YAML file: `rules: [{when: REGEX, say: [TEXT, ...]}, ...]`, the first that fits speaks."""

    def identity(self) -> dict[str, Any]:
        """The file counts by its text, not by its name."""
        return {"replies": self._script.text}

    def plan(self) -> str:
        return f"scripted: {len(self._script.rules)} rules of {self.replies}"

    async def start(self, folder: Path) -> None:
        """Nothing to start: the file is read when the pipeline is."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def complete(self, request: Request) -> Reply:
        """The reply of the first rule that fits; a word counts as a token, and what is too long is cut off.

        Raises `RowFailed` (`no_rule`, `script`, `prompt_too_long`), and `WorldError` for a pattern that takes seconds.
        """
        asked, room = "\n\n".join(turn["content"] for turn in request.messages), request.sampling.max_tokens
        text = self._script.reply(asked, request.role, _hash(asked, request.seed))
        words, tokens_in = text.split(), len(asked.split())
        if len(words) > room:
            return Reply(" ".join(words[:room]), "length", tokens_in, room)
        return Reply(text, "stop", tokens_in, len(words))

    @cached_property
    def _script(self) -> Script:
        return Script(self.replies)


def _hash(asked: str, seed: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}\n{asked}".encode("utf-8", "replace"), digest_size=8).digest())
