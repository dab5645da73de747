"""A few held-out prompts, answered before and after training: what the figures look like as text."""

from collections.abc import Sequence
from typing import Any

from smoltalk.rows import Message
from smoltalk.train.loading import Rows, openings
from smoltalk.train.recipe import Recipe

_NEW_TOKENS = 160
_AT_ONCE = 8

Sample = dict[str, Any]
"""`prompt`: turns; `wanted`: the row's own answer, of pairs the chosen one; `rejected`, of pairs; `before` and `after`:
what the model says, greedily, or of a reward model `[score of chosen, score of rejected]`."""


def drawn(recipe: Recipe, rows: Rows) -> list[Sample]:
    """The first held-out rows that ask different questions; of the training rows where none is held out."""
    dataset = rows.test if rows.test is not None else rows.train
    if not {"messages", "chosen"} & set(dataset.column_names):
        return []
    few = dataset.select(range(min(len(dataset), 8 * recipe.ours.samples)))
    seen: set[bytes] = set()
    found: list[Sample] = []
    for row, opening in zip(few, openings(few), strict=True):
        if opening not in seen and len(found) < recipe.ours.samples and (sample := _sample(row)):
            seen.add(opening)
            found.append(sample)
    return found


def _sample(row: dict[str, Any]) -> Sample | None:
    if row.get("messages"):
        turns = [_said(one) for one in row["messages"]]
        first = next(place for place, one in enumerate(turns) if one["role"] == "assistant")
        return {"prompt": turns[:first], "wanted": turns[first]["content"]} if _plain(row["messages"]) else None
    if not isinstance(row.get("chosen"), list):
        return None
    if not _plain([*(row.get("prompt") or ()), *row["chosen"], *row["rejected"]]):
        return None
    prompt = [_said(one) for one in row.get("prompt") or row["chosen"][:-1]]
    return {
        "prompt": prompt, "wanted": str(row["chosen"][-1]["content"]), "rejected": str(row["rejected"][-1]["content"])
    }  # fmt: skip


def _plain(turns: Sequence[dict[str, Any]]) -> bool:
    """Whether nobody calls functions: a sample is shown without them."""
    return not any(one.get("tool_calls") or one["role"] == "tool" for one in turns)


def _said(turn: dict[str, Any]) -> Message:
    return {"role": turn["role"], "content": str(turn["content"])}


def answered(recipe: Recipe, model: Any, tokenizer: Any, samples: Sequence[Sample], when: str) -> None:
    """Put what the model says into every sample, under `when`."""
    import torch

    was = model.training
    model.eval()
    try:
        with torch.no_grad():
            for at in range(0, len(samples), _AT_ONCE):
                some = samples[at : at + _AT_ONCE]
                said = _scores(model, tokenizer, some) if recipe.kind == "reward" else _texts(model, tokenizer, some)
                for sample, one in zip(some, said, strict=True):
                    sample[when] = one
    finally:
        model.train(was)


def _texts(model: Any, tokenizer: Any, samples: Sequence[Sample]) -> list[str]:
    side, tokenizer.padding_side = tokenizer.padding_side, "left"
    try:
        given = tokenizer.apply_chat_template(
            [one["prompt"] for one in samples], add_generation_prompt=True, return_tensors="pt", padding=True,
            return_dict=True,
        ).to(model.device)  # fmt: skip
        out = model.generate(
            **given, max_new_tokens=_NEW_TOKENS, do_sample=False, temperature=None, top_p=None, top_k=None,
            use_cache=True, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
    finally:
        tokenizer.padding_side = side
    said: list[str] = tokenizer.batch_decode(out[:, given["input_ids"].shape[1] :], skip_special_tokens=True)
    return [one.strip() for one in said]


def _scores(model: Any, tokenizer: Any, samples: Sequence[Sample]) -> list[list[float]]:
    found = []
    for one in samples:
        sides = [[*one["prompt"], {"role": "assistant", "content": one[name]}] for name in ("wanted", "rejected")]
        given = tokenizer.apply_chat_template(sides, return_tensors="pt", padding=True, return_dict=True)
        found.append([round(float(score), 3) for score in model(**given.to(model.device)).logits[:, 0]])
    return found
