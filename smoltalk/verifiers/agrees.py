"""Two who solved the same question must come to the same number."""

import re
from decimal import Decimal
from typing import Any

from pydantic import Field

from smoltalk.contracts import Outcome, Verifier
from smoltalk.only import NOT_CHECKED, Only, concerns
from smoltalk.rows import Row
from smoltalk.text import shown, strings

_MARKS = (
    re.compile(r"\\boxed\{([^{}]*)\}"),
    re.compile(r"####([^\n]*)"),
    re.compile(r"\banswer\b[\s*_]*(?:is|are|:|=)[\s*_:]*((?:[^\n.!?]|[.!?](?=\S))*)", re.I),
)
"""Where a solution says its answer, the surest first: LaTeX's box, GSM8K's mark, a sentence in plain words."""
_FRACTION = re.compile(r"\\[dt]?frac\{(\d+)\}\{(\d+)\}")
_ONES = re.compile(r"(?<=\d)(?=\\[dt]?frac\{\d)")
"""Between the whole part of a mixed number and its fraction."""
_POWER = re.compile(r"(?<=\d)\s?(?:×|x|\*|\\times|\\cdot)\s?10\^\{?([-+−]?\d{1,6})\}?")
_NUMBER = re.compile(
    r"(?<![\w.])[-−]?[$€£]?(?:(\d{1,9})\s(?=\d{1,9}/\d))?"
    r"(\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(\.\d+)?(e[-+]?\d{1,4})?(?:\s?/\s?(\d+))?(?!\d|e[-+]?\d)",
    re.I,
)
_LABEL = re.compile(
    r"\b(?:step|part|question|problem|exercise|example|case|equation|figure|table|page|line|section|option|method)s?\s"
    r"{0,3}[#(]?\d+(?:\.\d+)*|^[ \t]*\d{1,2}[.)][ \t]+(?=\S)",
    re.I | re.M,
)
"""Numbers that count steps or the items of a list, and are no result."""
_AT_ONCE = re.compile(
    r"[\s*_:$\\(]*(?:(?:about|approximately|roughly|exactly|simply|just|therefore)\s+)?[\s*_$\\(]*", re.I
)
"""What may stand between a mark and the number that is the answer."""
_LONGEST = 20_000
"""Characters from a text's end that are looked at."""


class Agrees(Verifier):
    """Passes when the final numbers of `of` and `other` are equal: self-consistency with one more sample.

    Wang et al. 2022, "Self-Consistency Improves Chain of Thought Reasoning in Language Models", arXiv 2203.11171. The
    final number stands in the last `\\boxed{}`, else behind the last `####`, else in the last sentence that says
    `answer is` or `answer:`: the one at once behind these words or behind the last `=`, or the last one of the
    sentence. Where nothing is marked, it is the only number of the text. `1,200`, `1.2e3`, `1200.0` and `$1200` are one
    number, `3/4` is `0.75`; the number of a step or of a list's item is none. `unknown` where either text has no such
    number.
    """

    of: str = "response"
    other: str
    tolerance: float = Field(default=1e-6, ge=0, allow_inf_nan=False)
    """How far apart two numbers may be, as a share of the larger one."""
    only: Only = Field(default_factory=dict)
    """The rows it is about, `column: value` or `column: [values]`; others are `unknown`, for nobody checks them."""

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, self.other, *self.only})

    def verify(self, row: Row) -> Outcome:
        if not concerns(self.only, row):
            return Outcome(verdict="unknown", reason=NOT_CHECKED)
        ours, theirs = final_number(row.get(self.of)), final_number(row.get(self.other))
        for column, found in ((self.of, ours), (self.other, theirs)):
            if found is None:
                return Outcome(verdict="unknown", reason=f"no final number in `{column}`")
        assert ours is not None and theirs is not None
        near = abs(ours - theirs) <= Decimal(self.tolerance) * max(abs(ours), abs(theirs))
        reason = f"both say {ours}" if near else f"`{self.of}` says {ours}, `{self.other}` says {theirs}"
        return Outcome(verdict="pass" if near else "fail", reason=str(shown(reason)))


def final_number(value: Any) -> Decimal | None:
    """The number that a solution ends in; None when that cannot be told."""
    text = _FRACTION.sub(r"\1/\2", _ONES.sub(" ", "\n".join(strings(value))[-_LONGEST:]))
    text = _LABEL.sub(" ", _POWER.sub(r"e\1", text).replace("e−", "e-"))
    marked = False
    for mark in _MARKS:
        for part in reversed(mark.findall(text)[-3:]):
            marked = True
            if (number := _answered(part)) is not None:
                return number
    alone = set() if marked else set(_numbers(text))
    return alone.pop() if len(alone) == 1 else None


def _answered(part: str) -> Decimal | None:
    """The number that a marked text gives: at once, or behind all others."""
    result = part.rpartition("=")[2]
    numbers = _numbers(result) or _numbers(part)
    first = _NUMBER.match(result, at.end()) if (at := _AT_ONCE.match(result)) else None
    at_once = _number(first) if first else None
    return at_once if at_once is not None else numbers[-1] if numbers else None


def _numbers(text: str) -> list[Decimal]:
    return [number for found in _NUMBER.finditer(text) if (number := _number(found)) is not None]


def _number(found: re.Match[str]) -> Decimal | None:
    ones, whole, rest, power, below = found.groups()
    if whole is None and rest is None:
        return None
    try:
        number = Decimal((whole or "0").replace(",", "") + (rest or "") + (power or ""))
        number = number / Decimal(below) if below else number
        number += int(ones or 0)
    except ArithmeticError:  # something over nothing
        return None
    return -number if found.group().startswith(("-", "−")) else number
