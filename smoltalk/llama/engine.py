"""What the engines on a small local Llama share: its folder, checked, described, loaded and let go of."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import PrivateAttr

from smoltalk.contracts import Engine
from smoltalk.errors import WorldError

if TYPE_CHECKING:
    from smoltalk.llama.workers import Workers


class LlamaEngine(Engine):
    """An engine on a model folder, run in this process; `shipped` is the one that comes with the package."""

    model: Path | None = None
    """Folder of a small Llama as transformers saves it, with tokenizer and chat template; default: the shipped one."""

    label: ClassVar[str]
    """The engine's name in YAML, for its plan and its errors."""
    shipped: ClassVar[Path]
    other_kind: ClassVar[str]
    """The sentence for a `{folder}` whose model does the other thing: score for write, or write for score."""
    _workers: "Workers | None" = PrivateAttr(None)

    @property
    def folder(self) -> Path:
        """Where the model lies."""
        return self.model or self.shipped

    @property
    def licence(self) -> str | None:
        """Licence of the model, for the dataset's card; None for one that is not ours."""
        return None if self.model else "Apache-2.0"

    def check(self) -> Iterator[str]:
        """Says what keeps the model folder from loading."""
        from smoltalk.llama.folder import faults, is_reward_model

        yield from (found := list(faults(self.folder)))
        if not found and is_reward_model(self.folder) != (self.kind == "scores"):
            yield self.other_kind.format(folder=self.folder)

    def identity(self) -> dict[str, Any]:
        """The contents of the model folder, wherever it lies: a retrained model makes earlier replies void."""
        from smoltalk.llama.folder import fingerprint

        return {"model": fingerprint(self.folder)}

    def plan(self) -> str:
        """Size of the model, and that it runs here."""
        from smoltalk.llama.folder import count_parameters

        size = count_parameters(self.folder) / 1e6
        return f"{self.label}: {size:.1f}M-parameter Llama on numpy, CPU, {self.max_in_flight} in flight"

    async def start(self, folder: Path) -> None:
        """Load the model, off the loop. Raises `WorldError` when the folder is not whole or holds another kind."""
        from smoltalk.llama.workers import Workers

        if self._workers is None:
            for fault in self.check():
                raise WorldError(fault)
            self._workers = await asyncio.to_thread(Workers, self.folder, self.max_in_flight)

    async def stop(self) -> None:
        """End the threads and let go of the model."""
        workers, self._workers = self._workers, None
        if workers is not None:
            await asyncio.to_thread(workers.stop)

    @property
    def workers(self) -> "Workers":
        """The loaded model. Raises `WorldError` before `start`."""
        if self._workers is None:
            raise WorldError(f"the {self.label} engine was not started")
        return self._workers
