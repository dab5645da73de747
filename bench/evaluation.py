"""What `smoltalk eval` costs beside a bare loop: `python -m bench.evaluation answers|losses ITEMS ROUNDS FOLDER`.

Answers: nano is asked questions of its curriculum; ours also writes every reply down, judges it, draws intervals and
writes the page. Losses: nano weighs finished conversations; the rival is a loop of transformers in batches of 32, in
the order of the data. Both sides of a pair take turns in one process; figures are of its CPU
time, so that a busy machine does not count. lm-eval is the rival in `evaluation_lm_eval`.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

from bench.measured import measured, scratch
from bench.measured import report as reported
from bench.result import Result, compared

ITEMS, MANY, ROWS, ROUNDS = 400, 2_000, 1_000, 2
BATCH = 32


def results(quick: bool) -> Iterator[Result]:
    """Answers and tokens of finished conversations a CPU second; these where torch is installed."""
    items, many, rows, rounds = (8, 20, 20, 1) if quick else (ITEMS, MANY, ROWS, ROUNDS)
    with scratch() as folder:
        found = measured("evaluation", "answers", items, rounds, folder, folder=folder)
        rival = "nano called bare, the same requests"
        yield compared(f"{items:,} answers, judged, with page", found["ours"], "answers/CPU-s", rival, found["theirs"])
        if find_spec("lm_eval") is None or find_spec("tenacity") is None:
            print("evaluation: not beside lm-eval, which is not installed (`lm-eval[api]`)", file=sys.stderr)
        else:
            place = folder / "lm_eval"
            place.mkdir()
            found = measured("evaluation_lm_eval", many, rounds, place, folder=folder)
            name = f"{many:,} answers of an endpoint that answers at once, judged"
            yield compared(name, found["ours"], "answers/CPU-s", "lm-eval", found["theirs"])
        if find_spec("torch") is None or find_spec("transformers") is None:
            print("evaluation: no losses, for want of torch (the extra `train`)", file=sys.stderr)
            return
        found = measured("evaluation", "losses", rows, rounds, folder, folder=folder)
        rival = f"transformers in a loop, batches of {BATCH}"
        yield compared(f"losses of {rows:,} conversations", found["ours"], "tokens/CPU-s", rival, found["theirs"])


def talks(count: int) -> list[tuple[str, str]]:
    """Different questions of nano's curriculum with their answers, the same for the same number."""
    from smoltalk.nano.curriculum import draw

    rng, found = Random(7), dict[str, str]()
    while len(found) < count:
        item = draw(rng)
        found.setdefault(item.query, item.answer)
    return list(found.items())


def answers(items: int, rounds: int, folder: Path) -> None:
    """Reports answers a CPU second of both, from starting the engine on, the better of the rounds."""
    from smoltalk.eval.naming import models, tasks
    from smoltalk.eval.report import write_report
    from smoltalk.eval.session import evaluate

    (task,) = tasks([f"curriculum: {{rows: {items}}}"]).values()
    ours, theirs = [], []
    for number in range(-1, rounds):  # the first round loads and compiles, and is thrown away
        theirs.append(asyncio.run(_bare(task, folder)))
        place, chosen, began = folder / f"eval{number}", models(["nano"]), time.process_time()
        found = evaluate(chosen, {"curriculum": task}, place, lambda *told: None)
        write_report(place, found, chosen)
        ours.append(time.process_time() - began)
    reported(ours=items / min(ours[1:]), theirs=items / min(theirs[1:]))


async def _bare(task: Any, folder: Path) -> float:
    """CPU seconds in which the engine answers what the task asks, from starting it to stopping it."""
    from smoltalk.engines.nano import Nano
    from smoltalk.requests import Request, Sampling

    asked = [Request(list(item.messages), Sampling(temperature=0, max_tokens=96)) for item in task.items()]
    engine, began = Nano(), time.process_time()
    await engine.start(folder)
    room = asyncio.Semaphore(engine.max_in_flight)

    async def one(request: Request) -> None:
        async with room:
            await engine.complete(request)

    await asyncio.gather(*map(one, asked))
    await engine.stop()
    return time.process_time() - began


def losses(rows: int, rounds: int, folder: Path) -> None:
    """Reports tokens a CPU second of both, the better round. Raises `AssertionError` where the losses differ."""
    from smoltalk.eval.naming import models, tasks
    from smoltalk.eval.session import evaluate

    said = [
        [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        for question, answer in talks(rows)
    ]
    path = folder / "talks.jsonl"
    path.write_text("".join(json.dumps({"messages": turns}) + "\n" for turns in said), encoding="utf-8")
    asked = tasks([f"loss: {{data: {json.dumps(str(path))}, device: cpu}}"])
    ours, theirs, tokens = [], [], 0
    for number in range(-1, rounds):
        began = time.process_time()
        tokens, loss = _transformers(said)
        theirs.append(time.process_time() - began)
        began = time.process_time()
        found = evaluate(models(["nano"]), asked, folder / f"loss{number}", lambda *told: None)
        ours.append(time.process_time() - began)
        (own,) = (one.estimate.value for one in found.scores if one.metric == "loss" and not one.group)
        assert abs(own - loss) < 1e-4 * loss, f"we say {own}, transformers {loss}"
    reported(ours=tokens / min(ours[1:]), theirs=tokens / min(theirs[1:]))


def _transformers(said: list[list[dict[str, str]]]) -> tuple[int, float]:
    """Tokens of the conversations, and the mean loss of the assistant's."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from smoltalk.engines.nano import Nano

    tokenizer = AutoTokenizer.from_pretrained(str(Nano.shipped))
    model: Any = AutoModelForCausalLM.from_pretrained(str(Nano.shipped), dtype=torch.float32)
    model.eval()
    tokens, nats, counted = 0, 0.0, 0
    for start in range(0, len(said), BATCH):
        given: Any = tokenizer.apply_chat_template(
            said[start : start + BATCH], padding=True, return_tensors="pt", return_dict=True,
            return_assistant_tokens_mask=True,
        )  # fmt: skip
        mask = torch.as_tensor(given.pop("assistant_masks"))[:, 1:].bool()
        with torch.inference_mode():
            logits = model(**given).logits[:, :-1]
            nats += float(torch.nn.functional.cross_entropy(
                logits[mask], given["input_ids"][:, 1:][mask], reduction="sum"
            ))  # fmt: skip
        tokens, counted = tokens + int(given["attention_mask"].sum()), counted + int(mask.sum())
    return tokens, nats / counted


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    {"answers": answers, "losses": losses}[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
