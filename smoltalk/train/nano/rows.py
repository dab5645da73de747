"""Training rows, batched with rows of about the same length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import torch

from smoltalk.nano.dialogues import Dialogue, dialogue

LONGEST = 320
LENGTH_STEP = 8
IGNORED = -100
DRAWN_AT_ONCE = 1024
Row = tuple[list[int], list[int]]


def encoded(tokenizer: Any, talk: Dialogue) -> Row:
    """Token ids and labels. System prompts and the pipeline's own requests are read but not learned."""
    ids: list[int] = []
    labels: list[int] = []
    for message in talk.messages:
        head = tokenizer.encode(f"<|im_start|>{message['role']}\n", add_special_tokens=False)
        body = tokenizer.encode(f"{message['content']}<|im_end|>\n", add_special_tokens=False)
        learned = message["role"] == "assistant" or (message["role"] == "user" and talk.learn_user)
        ids += head + body
        labels += (head + body) if learned else [IGNORED] * (len(head) + len(body))
    end = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    return [*ids, end], [*labels, end]


def fixed_length(length: int) -> int:
    return max(32, -(-length // LENGTH_STEP) * LENGTH_STEP)


def batches(
    tokenizer: Any,
    rng: Random,
    tokens: int,
    draw: Callable[[Random], Dialogue] = dialogue,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Endless batches of about `tokens` tokens, each of rows of one length."""
    pool: dict[int, list[Row]] = defaultdict(list)
    while True:
        for _ in range(DRAWN_AT_ONCE):
            row = encoded(tokenizer, draw(rng))
            if len(row[0]) <= LONGEST:
                pool[fixed_length(len(row[0]))].append(row)
        ready: list[tuple[int, list[Row]]] = []
        for length, rows in pool.items():
            size = tokens // length
            while len(rows) >= size:
                ready.append((length, rows[:size]))
                del rows[:size]
        rng.shuffle(ready)
        for length, rows in ready:
            yield padded([ids for ids, _ in rows], length, 0), padded([labels for _, labels in rows], length, IGNORED)


def padded(rows: list[list[int]], length: int, filler: int) -> torch.Tensor:
    return torch.tensor([row + [filler] * (length - len(row)) for row in rows])
