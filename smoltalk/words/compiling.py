"""The first seconds on a machine, while functions become machine code: said in a line, and kept out of speeds."""

import sys
import time
from contextlib import suppress

SENTENCE = "compiling what this machine does here for the first time: up to a minute or so"
"""What is said on stderr when the first function is not in the cache. Never twice in a process; another command, which
needs other functions, may have to say it once more."""


class Watch:
    """Told by the compiler, which holds a lock of its own from an outermost begin to its end: one clock will do.

    A function is compiled when it is first called, and those that it calls within that: begin and end nest.
    """

    def __init__(self) -> None:
        self._depth, self._begun, self._spent = 0, 0.0, 0.0
        self._said = False

    def begin(self) -> None:
        """A function is being compiled."""
        self._depth += 1
        if self._depth == 1:
            self._begun = time.monotonic()
            self._say()

    def end(self) -> None:
        """It is over, well or not."""
        self._depth -= 1
        if self._depth == 0:
            self._spent += time.monotonic() - self._begun

    @property
    def seconds(self) -> float:
        """Spent on compiling in this process so far, on the clock of the wall."""
        begun = self._begun  # read before the depth: another thread may end it in between
        return self._spent + (time.monotonic() - begun if self._depth else 0.0)

    def _say(self) -> None:
        if self._said:
            return
        self._said = True
        with suppress(OSError, ValueError, AttributeError):  # closed, full, or no stderr at all: then nobody reads it
            print(SENTENCE, file=sys.stderr, flush=True)


WATCH = Watch()
"""The one of this process."""


class Clock:
    """Seconds since it was made, less what the compiler took of them."""

    def __init__(self) -> None:
        self._begun, self._compiled = time.monotonic(), WATCH.seconds

    @property
    def seconds(self) -> float:
        """Never less than 0."""
        return max(0.0, time.monotonic() - self._begun - (WATCH.seconds - self._compiled))
