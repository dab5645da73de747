"""The shipped model, loaded once, and a way to run jobs through one batch."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

import smoltalk.nano
from smoltalk.llama.batching import Batch, Job
from smoltalk.llama.blas import hold_to_one_thread
from smoltalk.llama.cache import Cache
from smoltalk.llama.chat import ChatFormat
from smoltalk.llama.forward import Llama
from smoltalk.llama.vocabulary import Vocabulary

NANO = Path(smoltalk.nano.__file__).parent
Run = Callable[..., list[Job]]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """As the engines do: on a busy machine OpenBLAS's own threads wait for each other far longer than they work."""
    hold_to_one_thread()


@pytest.fixture(scope="session")
def exact() -> Llama:
    return Llama(NANO / "model")


@pytest.fixture(scope="session")
def fast() -> Llama:
    return Llama(NANO / "model", exact=False)


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary(NANO / "model")


@pytest.fixture(scope="session")
def chat(vocabulary: Vocabulary) -> ChatFormat:
    return ChatFormat(NANO / "model", vocabulary)


@pytest.fixture
def ask(chat: ChatFormat) -> Callable[..., Job]:
    """A job that asks nano a question."""

    def make(text: str, **fields: object) -> Job:
        prompt = chat.prompt([{"role": "user", "content": text}], "assistant")
        return Job(np.array(prompt), **({"max_tokens": 24} | fields))  # type: ignore[arg-type]

    return make


@pytest.fixture
def run(fast: Llama, exact: Llama, vocabulary: Vocabulary) -> Run:
    """Runs jobs to their end in one batch; a few join at every step."""

    def go(jobs: Sequence[Job], slots: int = 8, joining: int = 100, model: Llama = fast) -> list[Job]:
        cache = Cache(model.shape, model.dtype, slots)
        batch = Batch(model, exact, vocabulary, model.shape.stop_ids, cache, range(slots))
        waiting = list(jobs)
        while waiting or batch.load:
            for job in waiting[:joining]:
                batch.add(job)
            waiting = waiting[joining:]
            batch.step()
        return list(jobs)

    return go
