"""Continuous batching: a reply depends on its request alone; stops, lengths and bans hold."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from smoltalk.errors import RowFailed
from smoltalk.llama.batching import Batch, Job, fit
from smoltalk.llama.cache import Cache
from smoltalk.llama.forward import Chunk, Llama
from smoltalk.llama.sampling import LOGIT_ERROR
from smoltalk.llama.vocabulary import Vocabulary

Ask = Callable[..., Job]
Run = Callable[..., list[Job]]
QUESTIONS = ("What is 3 + 4?", "What is the capital of Japan?", "Write two sentences about books.", "Hello!")


def many(ask: Ask, count: int = 16) -> list[Job]:
    return [
        ask(QUESTIONS[seed % 4], seed=seed, temperature=1.2 * (seed % 5 > 0), top_p=1 - 0.1 * (seed % 3))
        for seed in range(count)
    ]


def texts(jobs: Sequence[Job]) -> list[list[int]]:
    return [job.ids for job in jobs]


def test_company_and_order_do_not_change_replies(ask: Ask, run: Run, exact: Llama) -> None:
    alone = texts(run(many(ask), slots=1))
    assert texts(run(many(ask), slots=16)) == alone
    assert texts(run(many(ask)[::-1], slots=7, joining=2)) == alone[::-1]
    assert texts(run(many(ask), slots=5, model=exact)) == alone


def test_float32_errors_do_not_change_replies(
    ask: Ask, run: Run, exact: Llama, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors as large as allowed for are caught by the exact model; made large here to have many of them."""
    monkeypatch.setattr("smoltalk.llama.sampling.LOGIT_ERROR", 0.05)
    true = texts(run(many(ask), model=exact))
    logits, rng = Llama.logits, np.random.default_rng(3)

    def off(self: Llama, hidden: Any) -> Any:
        right = logits(self, hidden)
        return right if self is exact else right + rng.choice([-1, 1], right.shape) * 0.045

    monkeypatch.setattr(Llama, "logits", off)
    for _ in range(3):
        assert texts(run(many(ask))) == true


def test_float32_errors_are_far_smaller_than_allowed_for(ask: Ask, fast: Llama, exact: Llama) -> None:
    ids = ask("Write two sentences about books. " * 20).prompt
    positions = np.arange(len(ids))

    def logits(model: Llama) -> Any:
        cache = Cache(model.shape, model.dtype, 1)
        return model.logits(model.hidden(cache, ids, positions, 0 * positions, chunks=[Chunk(0, 0, 0, len(ids))]))

    assert 0 < np.abs(logits(fast) - logits(exact)).max() < LOGIT_ERROR / 5


def test_seeds_matter(ask: Ask, run: Run) -> None:
    jobs = run([ask(QUESTIONS[2], seed=seed, temperature=1.5) for seed in (1, 1, 2, -3, 2**70)])
    assert jobs[0].text == jobs[1].text
    assert len({job.text for job in jobs}) == 4


def test_a_reply_ends_at_its_longest(ask: Ask, run: Run) -> None:
    whole, short = run([ask(QUESTIONS[2]), ask(QUESTIONS[2], max_tokens=3)])
    assert (whole.finish, short.finish) == ("stop", "length")
    assert short.ids == whole.ids[:3]


def test_stops_are_cut_even_across_tokens(ask: Ask, run: Run) -> None:
    (whole,) = run([ask(QUESTIONS[2])])
    stops = [whole.text[first : first + 5] for first in range(1, min(30, len(whole.text) - 5))]
    for stop, job in zip(
        stops, run([ask(QUESTIONS[2], stop=(b"never", stop.encode())) for stop in stops]), strict=True
    ):
        assert job.finish == "stop"
        assert job.text == whole.text[: whole.text.index(stop)]


def test_the_earliest_of_several_stops_wins(ask: Ask, run: Run) -> None:
    (whole,) = run([ask(QUESTIONS[2])])
    stops = tuple(whole.text[at : at + 4].encode() for at in (9, 4, 7))
    assert run([ask(QUESTIONS[2], stop=stops)])[0].text == whole.text[:4]


def test_the_first_token_can_be_forbidden(ask: Ask, run: Run) -> None:
    (free,) = run([ask(QUESTIONS[0])])
    first = free.text[0]
    (bound,) = run([ask(QUESTIONS[0], forbid_first=(first, "#"))])
    assert not bound.text.lstrip().startswith((first, "#"))
    (other,) = run([ask(QUESTIONS[0], forbid_first=("#",))])
    assert other.text == free.text


def test_words_after_space_are_forbidden_too(vocabulary: Vocabulary) -> None:
    banned = {vocabulary.bytes_of[key] for key in vocabulary.starting_with(("T",))}
    assert {b"T", b" T", b" The"} <= banned
    assert all(raw.lstrip().startswith(b"T") for raw in banned)
    assert len(vocabulary.starting_with(())) == 0


def test_cancelled_jobs_free_their_slots(ask: Ask, fast: Llama, exact: Llama, vocabulary: Vocabulary) -> None:
    batch = Batch(fast, exact, vocabulary, frozenset(), Cache(fast.shape, fast.dtype, 2), range(2))
    jobs = [ask(QUESTIONS[2], max_tokens=200) for _ in range(4)]
    for job in jobs:
        batch.add(job)
    batch.step()
    for job in jobs[:3]:
        job.cancelled = True
    last, ended = jobs[3], []
    last.max_tokens = 5
    while batch.load:
        ended += batch.step()
    assert ended == [last]
    assert len(last.ids) == 5


def test_shared_beginnings_are_computed_once(ask: Ask, run: Run, fast: Llama, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[int] = []
    hidden = Llama.hidden

    def counted(self: Llama, cache: Cache, tokens: Any, *rest: Any, **more: Any) -> Any:
        rows.append(len(tokens))
        return hidden(self, cache, tokens, *rest, **more)

    monkeypatch.setattr(Llama, "hidden", counted)
    run([ask(QUESTIONS[2], max_tokens=1) for _ in range(6)], slots=2, joining=1)
    first, *later = rows
    assert first == len(ask(QUESTIONS[2]).prompt)
    assert later == [1] * 5


def test_prompts_longer_than_a_step_are_read_in_parts(ask: Ask, run: Run, exact: Llama) -> None:
    long = "Many words about books. " * 40
    jobs = run([ask(long), ask(QUESTIONS[0]), ask(long)], slots=2)
    assert len(jobs[0].prompt) > 200
    assert jobs[0].ids == jobs[2].ids == run([ask(long)], model=exact)[0].ids


def test_the_context_is_a_limit(exact: Llama) -> None:
    positions = exact.shape.positions
    assert fit(Job(np.ones(positions - 5, int), max_tokens=100), exact.shape).max_tokens == 5
    with pytest.raises(RowFailed, match="prompt_too_long"):
        fit(Job(np.ones(positions, int), max_tokens=100), exact.shape)
    assert fit(Job(np.ones(positions, int)), exact.shape).max_tokens == 0
    with pytest.raises(RowFailed, match="prompt_too_long"):
        fit(Job(np.ones(positions + 1, int)), exact.shape)


def test_broken_utf8_is_replaced() -> None:
    assert Job(np.ones(1, int), written=bytearray(b"caf\xc3")).text == "caf\N{REPLACEMENT CHARACTER}"
