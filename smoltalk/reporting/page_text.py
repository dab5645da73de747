"""How numbers and texts are written on the page."""

import math
import re

_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def spelt(text: str) -> str:
    r"""Text that only shows: control characters and changes of direction are spelt out (`\x1b`, `\u202e`)."""
    text = text.replace("\r\n", "\n")
    return _ACTING.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


def short(value: float) -> str:
    """A number in few characters: `0.12`, `7`, `1,200`, `45k`, `1.2M`."""
    if not math.isfinite(value):
        return "–"
    if value < 0:
        return f"−{short(-value)}"
    size = value
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= unit:
            return f"{value / (1e3 if name == 'k' else unit):.3g}{name}"
    return f"{value:,.0f}" if size >= 100 or value == int(value) else f"{value:.2g}" if size < 1 else f"{value:.3g}"


def signed(value: float) -> str:
    """With its sign: `+0.22`, `−0.29`."""
    return f"{value:+.2f}".replace("-", "−")


def percent(share: float) -> str:
    """A share in words: `0 %`, `0.3 %`, `12 %`, `under 0.1 %`."""
    if 0 < share < 0.001:
        return "under 0.1 %"
    return f"{100 * share:.1f} %" if 0 < share < 0.1 or 0.995 <= share < 1 else f"{100 * share:.0f} %"


def span(seconds: float) -> str:
    """`4.21 s`, `12.6 min`, `2.5 h`, `3.1 days`."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
