"""What a run shows while it runs: a live panel on a terminal, a line now and then elsewhere. All of it on stderr."""

import asyncio
import os
import sys
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from smoltalk.cli.screen import complain, plain, span

if TYPE_CHECKING:
    from rich.console import RenderableType

    from smoltalk.run.progress import Progress
    from smoltalk.run.stream import Stream

_LINE_EVERY = 5.0
_FRAME_EVERY = 0.25
_BAR = 60
_ENOUGH = 10
"""Rows whose pace tells when a run may end; that of the first one tells nothing."""
_WINDOW = 30.0
"""Seconds of the past that speeds are measured over."""


class Sight(NamedTuple):
    """Progress at one moment."""

    at: float
    progress: "Progress"


class Pace:
    """How fast rows are accepted and tokens written, lately; replayed rows of a continued run soon leave the window."""

    def __init__(self, last: int | None) -> None:
        self.last = last
        """Rows born at most, where that is known."""
        self._seen: deque[Sight] = deque()

    def see(self, progress: "Progress", at: float) -> None:
        """Remember a moment, `at` seconds of any clock that never goes back."""
        self._seen.append(Sight(at, progress))
        while len(self._seen) > 2 and self._seen[1].at < at - _WINDOW:
            self._seen.popleft()

    @property
    def now(self) -> "Progress":
        """The latest progress."""
        return self._seen[-1].progress

    @property
    def tokens_per_second(self) -> float:
        """Tokens written a second."""
        return self._speed(self._seen[0].progress.tokens_out, self.now.tokens_out)

    @property
    def seconds_left(self) -> float | None:
        """Until the target is met or the rows are at their end; None while nobody can tell."""
        first, now = self._seen[0].progress, self.now
        if now.target is not None:
            left, done = now.target - now.accepted, now.accepted - first.accepted
        elif self.last is not None:
            left, done = self.last - _judged(now), _judged(now) - _judged(first)
        else:
            return None
        return left / self._speed(0, done) if done >= min(_ENOUGH, left) and done else None

    def _speed(self, before: int, now: int) -> float:
        seconds = self._seen[-1].at - self._seen[0].at
        return (now - before) / seconds if seconds > 0 else 0.0


def watch(stream: "Stream") -> "asyncio.Task[None]":
    """Follow a run until it is cancelled."""
    pace = Pace(_last(stream))
    return asyncio.create_task(_panel(stream, pace) if _on_terminal() else _lines(stream, pace))


def _last(stream: "Stream") -> int | None:
    limits = [n for n in (stream.source.size(), stream.target.max_attempts) if n is not None]
    return min(limits, default=None)


def _on_terminal() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _judged(progress: "Progress") -> int:
    return progress.accepted + progress.rejected + progress.failed


# ---------------------------------------------------------------- plain lines


async def _lines(stream: "Stream", pace: Pace) -> None:
    pace.see(stream.progress(), time.monotonic())
    said = ""
    try:
        while True:
            await asyncio.sleep(_LINE_EVERY)
            pace.see(stream.progress(), time.monotonic())
            said, last = line(pace), said
            if said != last:  # an engine may load for minutes
                complain(said)
    finally:
        pace.see(stream.progress(), time.monotonic())
        complain(line(pace, over=True))


def line(pace: Pace, *, over: bool = False) -> str:
    """The state of a run in one line; nothing is left of one that is `over`."""
    now = pace.now
    if now.starting and not over:
        return _starting(now)
    turn = [str(now.turn)] if now.turn and not over else []
    if now.turn and not now.turn.is_last and not over:  # rows are prepared: until they are judged, the books stand
        return "  ".join([span(now.seconds), *turn, *([_accepted(now)] if now.accepted else []), *_down(now)])
    way = _surplus(now) if over else []
    born = _judged(now) if way else now.born
    facts = [span(now.seconds), *turn, f"born {born:,}", _accepted(now), f"rejected {now.rejected:,}"]
    facts += [f"failed {now.failed:,}", *(way or _on_their_way(now)), f"{pace.tokens_per_second:,.0f} tokens/s"]
    return "  ".join([*facts, *(() if over else (*_left(pace), *_down(now)))])


def _starting(now: "Progress") -> str:
    turn = f"turn {now.turn.number} of {now.turn.of}: " if now.turn else ""
    return f"{turn}starting {', '.join(now.starting)}"


def _on_their_way(now: "Progress") -> list[str]:
    held = [f"{now.held:,} wait for an older row"] if now.held else []
    return [f"in flight {now.in_flight:,}", *held]


def _surplus(now: "Progress") -> list[str]:
    """Rows that are on their way when the target is met: they are let go, and the books never hear of them."""
    left = now.born - _judged(now)
    met = now.target is not None and now.accepted >= now.target
    return [f"{left:,} more begun and not needed"] if met and left > 0 else []


def _down(now: "Progress") -> list[str]:
    return [f"{name}: a server went down and is starting again, its requests wait for it" for name in now.down]


def _accepted(now: "Progress") -> str:
    return f"accepted {now.accepted:,}" + (f" of {now.target:,}" if now.target else "")


def _left(pace: Pace) -> list[str]:
    left = None if pace.now.down else pace.seconds_left
    return [f"{span(left)} left"] if left else []


# ---------------------------------------------------------------- a panel


async def _panel(stream: "Stream", pace: Pace) -> None:
    from rich.console import Console
    from rich.live import Live

    room = {name: placed.part.max_in_flight for name, placed in stream.pipeline.engines.items()}
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        while True:
            pace.see(stream.progress(), time.monotonic())
            live.update(panel(stream.pipeline.name, room, pace), refresh=True)
            await asyncio.sleep(_FRAME_EVERY)


def panel(name: str, room: Mapping[str, int], pace: Pace) -> "RenderableType":
    """The state of a run as three lines and, where the end is in sight, a bar.

    `room` says how many requests each engine takes at once.
    """
    from rich.console import Group
    from rich.text import Text

    now = pace.now
    goal, done = (now.target, now.accepted) if now.target else (pace.last, _judged(now))
    head = Text.assemble((plain(name), "bold"), f"  {span(now.seconds)}", *(f"  {t}" for t in _left(pace)))
    rows = Text("  ").join(
        [
            Text(f"born {now.born:,}"),
            Text(_accepted(now), style="green"),
            Text(f"rejected {now.rejected:,}", style="yellow"),
            Text(f"failed {now.failed:,}", style="red" if now.failed else ""),
            *map(Text, _on_their_way(now)),
        ]
    )
    asked = [f"{engine} {n}/{room[engine]}" for engine, n in now.engines.items()] + [
        f"{pace.tokens_per_second:,.0f} tokens/s"
    ]
    turn = [str(now.turn)] if now.turn else []
    said = _starting(now) if now.starting else "  ".join([*turn, *asked])
    engines = Text(plain(said), style="dim")
    troubles = [Text(plain(trouble), style="yellow") for trouble in _down(now)]
    full = min(_BAR, _BAR * done // goal) if goal else 0
    bar = [Text.assemble(("━" * full, "green"), ("─" * (_BAR - full), "dim"))] if goal else []
    return Group(head, *bar, rows, engines, *troubles)
