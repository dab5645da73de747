"""What a failed call to the Hub stands for: its status, how long it asks to wait, whether the same call may pass."""

import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smoltalk.redaction import redact

_AGAIN = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 524}
_STALE = {409, 412}
ODD = 200
"""The status of answers that cannot be understood."""
_LIMIT = re.compile(r";r=0\b.*?;t=(\d+)")
_LONGEST_WAIT = 300.0
"""A `Retry-After` of more seconds than this is not waited for: the person is told."""


class OddAnswer(Exception):
    """An answer that says that all is well, and lacks what it must hold."""


class AskedToWait(Exception):
    """An answer that names the time to ask again, 429 or 503: the library would sleep that long without a word."""

    def __init__(self, response: Any) -> None:
        """`response` is the HTTP library's."""
        super().__init__(f"{response.status_code} {response.reason_phrase}")
        self.response = response

    @classmethod
    def heard(cls, response: Any) -> None:
        """A hook for answers of the library's client: raises where one asks to wait."""
        if response.status_code in _AGAIN and _wait(response.headers) is not None:
            response.read()  # to its end, so that the connection can be used again
            raise cls(response)


@dataclass(frozen=True, slots=True)
class Fault:
    """A failed call. `status` is 0 where no answer came."""

    status: int
    wait: float | None
    """Seconds that the Hub asked for."""
    said: str

    @property
    def passing(self) -> bool:
        """Whether the same call may succeed in a while."""
        return self.status in _AGAIN | {0} and (self.wait or 0) <= _LONGEST_WAIT

    @property
    def stale(self) -> bool:
        """Whether another commit came first."""
        return self.status in _STALE


def fault(error: BaseException) -> Fault | None:
    """What kind of failure an exception of the Hub's libraries stands for; None: it is no failure of a call."""
    for one in _chain(error):
        response = getattr(one, "response", None)
        if response is not None and hasattr(response, "status_code"):
            return Fault(int(response.status_code), _wait(response.headers), _said(one))
    for one in _chain(error):
        if _is_transport(one):
            return Fault(0, None, _said(one))
    for one in _chain(error):
        if isinstance(one, OddAnswer) or _is_misread(one):
            return Fault(ODD, None, f"{type(one).__name__}: {_said(one)}")
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it wraps: uploads in threads come wrapped."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__


def _is_transport(error: BaseException) -> bool:
    """A connection that is cut, refused or silent; an answer that is no JSON is a proxy's or half of one.

    By name, for the Hub's library changed its HTTP library twice, and Xet has exceptions of its own.
    """
    names = {cls.__name__ for cls in type(error).__mro__}
    modules = {cls.__module__.partition(".")[0] for cls in type(error).__mro__}
    if names & {"TransportError", "StreamError", "JSONDecodeError"}:
        return True
    return isinstance(error, (ConnectionError, TimeoutError)) or "hf_xet" in modules


def _is_misread(error: BaseException) -> bool:
    """Whether the Hub's library stumbled over an answer: it takes what a 200 brings for what the Hub brings."""
    if not isinstance(error, (KeyError, TypeError, AttributeError, IndexError, ValueError)):
        return False
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    theirs = [place for place, name in enumerate(modules) if name.partition(".")[0] == "huggingface_hub"]
    ours = [place for place, name in enumerate(modules) if name.partition(".")[0] == __name__.partition(".")[0]]
    # What it says of a wrong name is about our call, not about an answer.
    return bool(theirs) and theirs[-1] > max(ours, default=-1) and type(error).__name__ != "HFValidationError"


def _wait(headers: Mapping[str, str]) -> float | None:
    """Of `Retry-After`, or of the Hub's `RateLimit: "api";r=0;t=55`: nothing remains, ask again in 55 s."""
    limit = _LIMIT.search(headers.get("RateLimit") or "")
    said = headers.get("Retry-After") or (limit and limit[1])
    try:
        return max(0.0, float(said)) if said else None
    except ValueError:  # a date: our own back-off will do
        return None


def _said(error: BaseException) -> str:
    server = getattr(error, "server_message", None)
    first = str(server or error).strip().partition("\n")[0] or type(error).__name__
    return redact(first)[:300]
