"""What a causal model thinks of finished conversations: the log-likelihood of each, on the turns that count."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from smoltalk.errors import WorldError
from smoltalk.train.spelling import Of, Spelt, Talk, spelt

_INSTALL = "pip install torch transformers safetensors"
_BATCH_TOKENS = 8_192
"""Padded tokens in a batch, at most; their logits are what takes memory."""
_ON_CPU = 2_048
"""The same on a CPU, where logits that leave its caches cost more than a large batch saves."""


class Weighed(NamedTuple):
    """A conversation's likelihood."""

    nats: float
    """Minus the log-likelihood of the tokens that count."""
    tokens: int
    """How many; 0 for a conversation that was left out."""
    bytes: int
    """UTF-8 bytes that these tokens spell."""
    why: str = ""
    """Why it was left out."""


class Kept(Protocol):
    """What was weighed before, a batch a key."""

    def get(self, key: str) -> list[float] | None:
        """The nats of each conversation of the batch; None where it was not weighed."""

    def put(self, key: str, nats: Sequence[float]) -> None:
        """Write them down."""


@dataclass(frozen=True)
class CausalModel:
    """A model that writes, with its tokenizer, held in this process and only looked at."""

    model: Any
    tokenizer: Any
    longest: int

    @classmethod
    def load(cls, model: str, device: str = "auto", longest: int = 4096) -> "CausalModel":
        """From a folder (a LoRA adapter's too, where peft is installed) or the Hub; float32 on a CPU.

        Code that a model brings along is not run. Raises `WorldError` with what to change.
        """
        try:
            import torch
            import transformers
        except ImportError as error:
            raise WorldError(f"`{error.name}` is not installed, which losses need: {_INSTALL}") from None
        place = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.float32 if place == "cpu" else "auto"
        logging: Any = transformers.utils.logging
        logging.disable_progress_bar()
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(model, trust_remote_code=False)
            loaded: Any = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=dtype, trust_remote_code=False)
            loaded = loaded.to(place).eval()
        except torch.cuda.OutOfMemoryError:
            raise WorldError(f"{model} does not fit on {place}: free the GPU, or name another `device`") from None
        except Exception as error:  # the library raises dozens of kinds, from the network up
            said = str(error).strip().partition("\n")[0]
            raise WorldError(f"{model} cannot be loaded as a model that writes: {said}") from error
        if not tokenizer.chat_template:
            raise WorldError(f"{model} has no chat template, so nobody knows how it writes a conversation")
        positions = getattr(loaded.config.get_text_config(), "max_position_embeddings", None) or longest
        return cls(loaded, tokenizer, min(longest, positions))

    def weigh(
        self,
        talks: Sequence[Talk],
        of: Of = "assistant",
        tell: Callable[[int, int], None] = lambda done, of: None,
        kept: Kept | None = None,
    ) -> list[Weighed]:
        """Each conversation's likelihood on the tokens that count, in order; blocks. Raises `WorldError` as `spelt`.

        A batch is `kept` whole, under all that decides on its figures: with others beside it, a conversation's last
        digits are others.
        """
        some = [spelt(self.tokenizer, talk, of) for talk in talks]
        order = sorted(range(len(talks)), key=lambda place: len(some[place].ids))
        found, done = [self._left_out(one) for one in some], 0
        for batch in self._batches(order, some):
            for place, nats in zip(batch, self._kept([some[place] for place in batch], kept), strict=True):
                found[place] = Weighed(nats, sum(some[place].counts[1:]), some[place].bytes)
            done += len(batch)
            tell(done, len(talks))
        return found

    def _left_out(self, one: Spelt) -> Weighed:
        """What a conversation that is in no batch comes to."""
        long = f"longer than {self.longest:,} tokens" if len(one.ids) > self.longest else "no token of it counts"
        return Weighed(0.0, 0, 0, one.why or long)

    def _batches(self, order: Sequence[int], some: Sequence[Spelt]) -> list[list[int]]:
        batches: list[list[int]] = []
        most = _ON_CPU if self.model.device.type == "cpu" else _BATCH_TOKENS
        for place in order:
            width = len(some[place].ids)
            if not 1 < width <= self.longest or not any(some[place].counts[1:]):
                continue
            if not batches or (len(batches[-1]) + 1) * width > most:
                batches.append([])
            batches[-1].append(place)
        return batches

    def _kept(self, batch: Sequence[Spelt], kept: Kept | None) -> list[float]:
        """The nats of a batch, as they were kept or anew."""
        if kept is None:
            return self._nats(batch)
        said = json.dumps([self.fingerprint, [[one.ids, [*map(int, one.counts)]] for one in batch]])
        key = hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
        found = kept.get(key)
        if found is None:
            kept.put(key, found := self._nats(batch))
        return found

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same weights on the same kind of device, wherever they were loaded from.

        Bits are summed as integers, which is exact, needs no copy and no order: a second for a few billion of them.
        """
        import torch

        whole = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
        about = {name: one for name, one in self.model.config.to_dict().items() if name != "_name_or_path"}
        found: list[Any] = [self.model.device.type, about]
        for name, one in self.model.state_dict().items():
            if isinstance(one, torch.Tensor):
                bits = one.detach().contiguous().view(whole[one.element_size()])
                found.append([name, list(one.shape), str(one.dtype), int(bits.sum(dtype=torch.int64))])
        said = json.dumps(found, sort_keys=True, default=str)
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()

    def _nats(self, batch: Sequence[Spelt]) -> list[float]:
        import torch

        width = max(len(one.ids) for one in batch)

        def padded(rows: Sequence[Sequence[Any]]) -> Any:
            filled = [[*row, *[0] * (width - len(row))] for row in rows]
            return torch.tensor(filled, device=self.model.device)

        ids, seen = padded([one.ids for one in batch]), padded([[1] * len(one.ids) for one in batch])
        counts = padded([one.counts for one in batch])[:, 1:].bool()
        with torch.inference_mode():
            logits = self.model(input_ids=ids, attention_mask=seen).logits[:, :-1]
            nats = torch.zeros(counts.shape, dtype=torch.float64, device=logits.device)
            nats[counts] = torch.nn.functional.cross_entropy(
                logits[counts].float(), ids[:, 1:][counts], reduction="none"
            ).double()
        sums: list[float] = nats.sum(dim=1).cpu().tolist()
        return sums
