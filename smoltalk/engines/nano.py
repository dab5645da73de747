"""The model that ships with the package, run in this process on numpy: no GPU, no network, no torch."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from smoltalk.contracts import Engine, Reply, Request
from smoltalk.errors import WorldError

if TYPE_CHECKING:
    from smoltalk.llama.workers import Workers

_SHIPPED = Path(__file__).parents[1] / "nano" / "model"


class Nano(Engine):
    """A tiny Llama chat model: the shipped one, or one of your own."""

    model: Path | None = None
    """Folder of a small Llama as transformers saves it, with tokenizer and chat template; default: the shipped one."""

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
        """The contents of the model folder, wherever it lies: a retrained model makes earlier replies void."""
        from smoltalk.llama.folder import fingerprint

        return {"model": fingerprint(self.folder)}

    def plan(self) -> str:
        """Size of the model, and that it runs here."""
        from smoltalk.llama.folder import count_parameters

        size = count_parameters(self.folder) / 1e6
        return f"nano: {size:.1f}M-parameter Llama on numpy, CPU, {self.max_in_flight} in flight"

    async def start(self, folder: Path) -> None:
        """Load the model, off the loop. Raises `WorldError` when the model folder is not whole."""
        from smoltalk.llama.workers import Workers

        if self._workers is None:
            self._workers = await asyncio.to_thread(Workers, self.folder, self.max_in_flight)
            if self._workers.scores:
                await self.stop()
                raise WorldError(f"{self.folder} holds a reward model; `nano` needs one that writes")

    async def stop(self) -> None:
        """End the threads and let go of the model."""
        workers, self._workers = self._workers, None
        if workers is not None:
            await asyncio.to_thread(workers.stop)

    async def complete(self, request: Request) -> Reply:
        """Write one turn. The reply depends on the request alone, not on what else is in flight.

        Raises `RowFailed` (`prompt_too_long`) when the conversation fills the context.
        """
        import numpy as np

        from smoltalk.llama.batching import Job

        if self._workers is None:
            raise WorldError("the nano engine was not started")
        began, sampling = monotonic(), request.sampling
        job = Job(
            prompt=np.array(self._workers.chat.prompt(request.messages, request.role), np.intp),
            max_tokens=sampling.max_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            seed=request.seed,
            stop=tuple(stop.encode() for stop in sampling.stop if stop),
            forbid_first=sampling.forbid_first,
        )
        await self._workers.run(job)
        return Reply(
            text=job.text,
            finish="length" if job.finish == "length" else "stop",
            tokens_in=len(job.prompt),
            tokens_out=len(job.ids),
            seconds=monotonic() - began,
        )
