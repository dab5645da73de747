"""How far a command over a whole dataset is, and how much text it went through in which time."""

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from smoltalk.cli.screen import complain, count, plain, say

if TYPE_CHECKING:
    from smoltalk.decontamination.hub import OnHub
    from smoltalk.decontamination.parts import Files

_EVERY, _FRAME = 2.0, 0.2
"""Seconds between two lines of progress, and between two changes of the line on a terminal."""
_TOLD_BYTES, _TOLD_ROWS, _TOLD_SECONDS = 50_000_000, 100_000, 0.5
"""With less than this a speed says how long it takes to begin, so none is told."""


class Screen:
    """Progress on stderr: one line that changes on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr is not None and sys.stderr.isatty()
        self._last = time.monotonic()  # the first seconds need no word

    def see(self, line: Callable[[], str]) -> None:
        """Show a line, if it is time to."""
        now = time.monotonic()
        if now - self._last < (_FRAME if self._live else _EVERY):
            return
        self._last = now
        if self._live:
            self._write(f"\r\x1b[2K{plain(line())}")
        else:
            complain(line())

    def end(self) -> None:
        """Leave the terminal clean."""
        if self._live:
            self._write("\r\x1b[2K")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def amount(size: int) -> str:
    """Bytes as a person says them: `840 bytes`, `6.9 KB`, `12.4 MB`, `2.1 GB`."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return count(size, "byte")


def text_speed(size: int, seconds: float) -> str:
    """`, 96 MB/s`; empty where it would mean nothing."""
    return f", {size / 1e6 / seconds:,.0f} MB/s" if size >= _TOLD_BYTES and seconds >= _TOLD_SECONDS else ""


def row_speed(rows: int, seconds: float) -> str:
    """`, 83,170 rows/s`; empty where it would mean nothing."""
    return f", {rows / seconds:,.0f} rows/s" if rows >= _TOLD_ROWS and seconds >= _TOLD_SECONDS else ""


def tell_of_data(data: "Files | OnHub") -> None:
    """What a person may not expect: that the Hub is asked, or that files beside those that are read are passed over."""
    from smoltalk.decontamination.hub import OnHub

    if isinstance(data, OnHub):
        complain(f"{data.dataset} is no file here: asking the Hub")
        return
    names = [path.name for path in data.passed_over]
    if names:
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        complain(f"passed over, for only .jsonl, .ndjson and .parquet are read: {', '.join(names[:3])}{more}")


def tell_unreadable(told: Sequence[str], number: int) -> None:
    """Why the first lines that are no rows are none."""
    if told:
        more = [f"and {number - len(told):,} more"] if number > len(told) else []
        say("\nunreadable\n" + "\n".join(f"  {line}" for line in [*told, *more]))
