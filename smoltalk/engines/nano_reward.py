"""The reward model that ships with the package, run in this process on numpy: right answers score above wrong ones."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PrivateAttr

from smoltalk.contracts import Engine, Reply
from smoltalk.errors import WorldError
from smoltalk.rows import Conversation

if TYPE_CHECKING:
    from smoltalk.llama.workers import Workers

_SHIPPED = Path(__file__).parents[1] / "nano" / "reward"


class NanoReward(Engine):
    """A tiny Llama with a score for a head: the shipped one, or one of your own."""

    model: Path | None = None
    """Folder of a small Llama for sequence classification with one label; default: the shipped one."""

    kind: ClassVar[Literal["completes", "scores"]] = "scores"
    _workers: "Workers | None" = PrivateAttr(None)

    @property
    def folder(self) -> Path:
        """Where the model lies."""
        return self.model or _SHIPPED

    def check(self) -> Iterator[str]:
        """Says which files the model folder lacks."""
        from smoltalk.llama.folder import missing_files

        if missing := missing_files(self.folder):
            yield f"the model folder {self.folder} lacks {', '.join(missing)}"

    def identity(self) -> dict[str, Any]:
        """The contents of the model folder, wherever it lies: a retrained model makes earlier scores void."""
        from smoltalk.llama.folder import fingerprint

        return {"model": fingerprint(self.folder)}

    def plan(self) -> str:
        """Size of the model, and that it runs here."""
        from smoltalk.llama.folder import count_parameters

        size = count_parameters(self.folder) / 1e6
        return f"nano_reward: {size:.1f}M-parameter Llama on numpy, CPU, {self.max_in_flight} in flight"

    async def start(self, folder: Path) -> None:
        """Load the model, off the loop. Raises `WorldError` when the model folder is not whole."""
        from smoltalk.llama.workers import Workers

        if self._workers is None:
            self._workers = await asyncio.to_thread(Workers, self.folder, self.max_in_flight)
            if not self._workers.scores:
                await self.stop()
                raise WorldError(f"{self.folder} holds no reward model: it has no `score.weight`")

    async def stop(self) -> None:
        """End the threads and let go of the model."""
        workers, self._workers = self._workers, None
        if workers is not None:
            await asyncio.to_thread(workers.stop)

    async def score(self, messages: Conversation) -> Reply:
        """The conversation's score, read off its last token as transformers' `LlamaForSequenceClassification` does.

        Depends on the conversation alone. Raises `RowFailed` (`prompt_too_long`) when it exceeds the context.
        """
        import numpy as np

        from smoltalk.llama.batching import Job

        if self._workers is None:
            raise WorldError("the nano_reward engine was not started")
        began = monotonic()
        job = Job(prompt=np.array(self._workers.chat.whole(messages), np.intp))
        await self._workers.run(job)
        return Reply(text=repr(job.score), finish="score", tokens_in=len(job.prompt), seconds=monotonic() - began)
