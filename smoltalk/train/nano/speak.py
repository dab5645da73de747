"""Asks a trained model many things at once, greedily or sampled, through transformers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from smoltalk.nano.curriculum import Message
from smoltalk.train.nano.reward import conversation_ids, reward_from
from smoltalk.train.nano.rows import padded

USER_TURN, ASSISTANT_TURN = "<|im_start|>user\n", "<|im_start|>assistant\n"
BATCH = 64


def written(messages: Sequence[Message], then: str = "") -> str:
    return "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages) + then


class Speaker:
    """The chat model in float32."""

    def __init__(self, folder: Path):
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, padding_side="left")
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        self.model = model.eval()
        self.parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self.end = self.tokenizer.convert_tokens_to_ids("<|im_end|>")

    def continued(self, prompts: Sequence[str], temperature: float = 0.0, longest: int = 96) -> list[str | None]:
        """What the model writes after each prompt up to its end mark; None where it never ended."""
        replies: list[str | None] = [None] * len(prompts)
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        for at in range(0, len(order), BATCH):
            chunk = order[at : at + BATCH]
            for i, reply in zip(chunk, self._batch([prompts[i] for i in chunk], temperature, longest), strict=True):
                replies[i] = reply
        return replies

    def answers(self, conversations: Sequence[Sequence[Message]]) -> list[str]:
        """Greedy answers; an answer that never ended is empty."""
        return [reply or "" for reply in self.continued([written(c, ASSISTANT_TURN) for c in conversations])]

    @torch.no_grad()
    def _batch(self, prompts: list[str], temperature: float, longest: int) -> list[str | None]:
        inputs = self.tokenizer(prompts, return_tensors="pt", padding=True, add_special_tokens=False)
        sampling: dict[str, Any] = {"do_sample": False, "temperature": None}
        if temperature:
            sampling = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        output = self.model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            max_new_tokens=longest,
            eos_token_id=[self.end, self.tokenizer.pad_token_id],
            pad_token_id=self.tokenizer.pad_token_id,
            **sampling,
        )
        new = output[:, inputs["input_ids"].shape[1] :]
        return [self._decoded(row.tolist()) for row in new]

    def _decoded(self, ids: list[int]) -> str | None:
        if self.end not in ids:
            return None
        text: str = self.tokenizer.decode(ids[: ids.index(self.end)])
        return text.strip()


class Scorer:
    """The reward model in float32."""

    def __init__(self, folder: Path):
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.model = reward_from(folder).eval()

    @torch.no_grad()
    def scores(self, conversations: Sequence[list[Message]]) -> list[float]:
        found: list[float] = []
        for at in range(0, len(conversations), BATCH):
            rows = [conversation_ids(self.tokenizer, c) for c in conversations[at : at + BATCH]]
            ids = padded(rows, max(map(len, rows)), self.tokenizer.pad_token_id)
            mask = torch.ne(ids, self.tokenizer.pad_token_id).long()
            found += self.model(input_ids=ids, attention_mask=mask).logits[:, 0].tolist()
        return found
