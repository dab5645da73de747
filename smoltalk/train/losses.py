"""What a causal model thinks of finished conversations: the log-likelihood of each, on the turns that count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from smoltalk.errors import UserError, WorldError
from smoltalk.rows import Message

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


class _Spelt(NamedTuple):
    ids: list[int]
    counts: list[bool]
    bytes: int


_NOTHING = Weighed(0.0, 0, 0)


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
        talks: Sequence[Sequence[Message]],
        of: Literal["assistant", "all", "last"] = "assistant",
        tell: Callable[[int, int], None] = lambda done, of: None,
    ) -> list[Weighed]:
        """Each conversation's likelihood, in order; `of` says which tokens count: those of the assistant's turns with
        what ends them, of its last turn, or all but the first. One that is too long is `Weighed(0, 0, 0)`; blocks.
        """
        spelt = [self._spelt(talk, of) for talk in talks]
        order = sorted(range(len(talks)), key=lambda place: len(spelt[place].ids))
        found, done = [_NOTHING] * len(talks), 0
        for batch in self._batches(order, spelt):
            for place, nats in zip(batch, self._nats([spelt[place] for place in batch]), strict=True):
                found[place] = Weighed(nats, sum(spelt[place].counts[1:]), spelt[place].bytes)
            done += len(batch)
            tell(done, len(talks))
        return found

    def _batches(self, order: Sequence[int], spelt: Sequence[_Spelt]) -> list[list[int]]:
        batches: list[list[int]] = []
        most = _ON_CPU if self.model.device.type == "cpu" else _BATCH_TOKENS
        for place in order:
            width = len(spelt[place].ids)
            if not 1 < width <= self.longest or not any(spelt[place].counts[1:]):
                continue
            if not batches or (len(batches[-1]) + 1) * width > most:
                batches.append([])
            batches[-1].append(place)
        return batches

    def _nats(self, batch: Sequence[_Spelt]) -> list[float]:
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

    def _spelt(self, talk: Sequence[Message], of: str) -> _Spelt:
        text: str = self._rendered(talk)
        spans = [(0, len(text))] if of == "all" else self._spans(talk, text)
        spans = spans[-1:] if of == "last" else spans
        coded = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        counts = [any(a < end and b > start for a, b in spans) for start, end in coded["offset_mapping"]]
        said = sum(len(text[start:end].encode("utf-8", "replace")) for start, end in spans)
        return _Spelt(coded["input_ids"], counts, said)

    def _spans(self, talk: Sequence[Message], text: str) -> list[tuple[int, int]]:
        """Where the assistant's turns stand, each to the end of the mark that closes it."""
        spans = []
        for place, turn in enumerate(talk):
            if turn["role"] != "assistant":
                continue
            before = self._rendered(talk[:place], add_generation_prompt=True)
            whole = self._rendered(talk[: place + 1]) if place + 1 < len(talk) else text
            if not (text.startswith(before) and text.startswith(whole.rstrip())):
                raise WorldError(
                    f"the chat template of {self.tokenizer.name_or_path} writes a turn in another way once more is "
                    "said, so it cannot be told which tokens are the assistant's: `of: all` counts every one"
                )
            spans.append((len(before), len(whole.rstrip())))
        return spans

    def _rendered(self, talk: Sequence[Message], **how: Any) -> str:
        try:
            text: str = self.tokenizer.apply_chat_template(list(talk), tokenize=False, **how)
        except UserError:
            raise
        except Exception as error:  # a template is a stranger's program
            raise WorldError(f"the chat template of {self.tokenizer.name_or_path} refuses a row: {error}") from error
        return text
