"""Calls that are asked again until the Hub answers them, for as long as it makes sense."""

import logging
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from smoltalk.hub_calls.faults import AskedToWait, fault

T = TypeVar("T")

_TRIES, _FIRST_TRIES = 6, 3
"""Before anything was answered, a connection that cannot be made says that there is no network."""
_FIRST, _LONGEST = 1.0, 30.0
"""Seconds to wait after the first failure, doubled after each, and at most; the Hub's `Retry-After` goes before."""

Say = Callable[[str], None]


def endpoint() -> str:
    """Where the Hub is: `HF_ENDPOINT`, or hf.co."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


class Asking:
    """Somebody who asks patiently, and says that they wait: by `say`, or else as a warning of this module's log."""

    def __init__(self, say: Say | None = None) -> None:
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # its retries are told by us
        self._say, self._answered = say or logging.getLogger(__name__).warning, False

    def ask(self, call: Callable[[], T]) -> T:
        """The call's answer. What passes (429, 5xx, a connection that is cut) is asked again; the rest is raised."""
        attempt = 0
        while True:
            try:
                with impatient():
                    found = call()
                self._answered = True
                return found
            except Exception as error:  # the libraries raise dozens of kinds, from the network up
                if not self.wait(error, attempt):
                    raise
            attempt += 1

    def wait(self, error: Exception, attempt: int) -> bool:
        """Wait until it makes sense to ask again after failure number `attempt`, from 0; False where it makes none."""
        found = fault(error)
        tries = _TRIES if self._answered or (found and found.status) else _FIRST_TRIES
        if found is None or not found.passing or attempt + 1 >= tries:
            return False
        delay = found.wait if found.wait is not None else min(_LONGEST, _FIRST * 2**attempt)
        why = f"answers {found.status}" if found.status else f"cannot be reached ({found.said[:80]})"
        self._say(f"the Hub {why}: asking again in {delay:.0f} s")
        time.sleep(delay + random.uniform(0, 0.25) * _FIRST)
        return True

    def pause(self, attempt: int) -> None:
        """Another one's commit came first: let them finish."""
        self._say("somebody else pushed meanwhile: reading again what is there")
        time.sleep(random.uniform(0, 0.2 * (attempt + 1)))


@contextmanager
def impatient() -> Iterator[None]:
    """While it lasts, an answer that asks to wait is raised as `AskedToWait`, from the midst of an upload, too."""
    from huggingface_hub import get_session

    hooks = get_session().event_hooks["response"]
    hooks.append(AskedToWait.heard)
    try:
        yield
    finally:
        hooks.remove(AskedToWait.heard)
