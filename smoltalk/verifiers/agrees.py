"""Two who solved the same question must come to the same number."""

import re
from decimal import Decimal
from typing import Any

from pydantic import Field

from smoltalk.contracts import Outcome, Verifier
from smoltalk.only import Only, concerns
from smoltalk.rows import Row
from smoltalk.text import shown, strings

_MARKED = re.compile(r"\\boxed\{([^{}]*)\}|####([^\n]*)|\banswer\s*(?:is|:|=)\s*([^\n]*)", re.I)
"""Where a solution says its answer: LaTeX's box, GSM8K's mark, or plain words."""
_FRACTION = re.compile(r"\\[dt]?frac\{(\d+)\}\{(\d+)\}")
_NUMBER = re.compile(r"(?<![\w.])[-−]?[$€£]?(\d{1,3}(?:,\d{3})+|\d+)?(\.\d+)?(?:\s?/\s?(\d+))?(?!\d)")
_LONGEST = 20_000
"""Characters from a text's end that are looked at."""


class Agrees(Verifier):
    """Passes when the final numbers of `of` and `other` are equal: self-consistency with one more sample.

    Wang et al. 2022, "Self-Consistency Improves Chain of Thought Reasoning in Language Models", arXiv 2203.11171. The
    final number stands in the last `\\boxed{}`, after the last `####` or `answer:`, or is the last one of the text.
    `1,200`, `1200.0` and `$1200` are one number, `3/4` is `0.75`; `unknown` where either text holds none.
    """

    of: str = "response"
    other: str
    tolerance: float = Field(default=1e-6, ge=0, allow_inf_nan=False)
    """How far apart two numbers may be, as a share of the larger one."""
    only: Only = Field(default_factory=dict)
    """The rows it is about, `column: value` or `column: [values]`; nothing is asked of others, so they pass."""

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, self.other, *self.only})

    def verify(self, row: Row) -> Outcome:
        if not concerns(self.only, row):
            return Outcome(verdict="pass", reason="not asked for")
        ours, theirs = final_number(row.get(self.of)), final_number(row.get(self.other))
        for column, found in ((self.of, ours), (self.other, theirs)):
            if found is None:
                return Outcome(verdict="unknown", reason=f"no number in `{column}`")
        assert ours is not None and theirs is not None
        near = abs(ours - theirs) <= Decimal(self.tolerance) * max(abs(ours), abs(theirs))
        reason = f"both say {ours}" if near else f"`{self.of}` says {ours}, `{self.other}` says {theirs}"
        return Outcome(verdict="pass" if near else "fail", reason=str(shown(reason)))


def final_number(value: Any) -> Decimal | None:
    """The number that a solution ends in; None when it holds none."""
    text = _FRACTION.sub(r"\1/\2", "\n".join(strings(value))[-_LONGEST:])
    marked = [next(part for part in found.groups() if part is not None) for found in _MARKED.finditer(text)]
    for part, place in [*((part, 0) for part in reversed(marked[-3:])), (text, -1)]:
        numbers = [number for found in _NUMBER.finditer(part) if (number := _number(found)) is not None]
        if numbers:
            return numbers[place]
    return None


def _number(found: re.Match[str]) -> Decimal | None:
    whole, rest, below = found.groups()
    if whole is None and rest is None:
        return None
    try:
        number = Decimal((whole or "0").replace(",", "") + (rest or ""))
        number = number / Decimal(below) if below else number
    except ArithmeticError:  # something over nothing
        return None
    return -number if found.group().startswith(("-", "−")) else number
