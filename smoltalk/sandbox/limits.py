"""What a program may use, and how it ended."""

from dataclasses import dataclass
from typing import Any, Literal

Ended = Literal["done", "raised", "exited", "crashed", "timeout", "memory", "not_run"]
"""`done`: ran to its end. `raised`: an exception. `exited`: left before its end (`sys.exit`, `os._exit`). `crashed`:
killed by a signal. `timeout`: wall or CPU clock. `memory`: asked for more than it may have. `not_run`: the sandbox
could not run it, which says nothing of the program."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use; past any of it, it is ended."""

    seconds: float = 5.0
    """Of CPU, over all its threads (rounded up); and twice as many of the wall clock, for a busy machine."""
    memory_mb: int = 512
    """Address space beyond that of the interpreter."""
    output_bytes: int = 16_384
    """What is kept of what it prints (the head); the rest is thrown away."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended, and what it left."""

    ended: Ended
    reason: str = ""
    """One line a person can read: the last line of the traceback and where; empty when `done`."""
    output: str = ""
    """What it printed, both streams, cut."""
    value: Any = None
    """What the expression `value` gave, as JSON data (`repr` of what JSON cannot hold)."""
    missing: str = ""
    """The module that an import did not find."""
    checks: int = 0
    """Assertions and test functions in its tests; 0 means that they check nothing."""
    uncalled: str = ""
    """Of a program that is `done`: a test that was not called, and why."""
    seconds: float = 0.0
    """Wall clock."""
