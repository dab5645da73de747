"""IFEval's loose reading of an answer: kept is what holds without a greeting, a closing line or markdown's stars.

Zhou et al. 2023, "Instruction-Following Evaluation for Large Language Models", arXiv 2311.07911, section 2.2: the
answer as it is, without its first line, without its last, without both, and each of these without `*`.
"""

from collections.abc import Sequence
from typing import Literal

from smoltalk.constraints import Constraint, verify_constraints


def readings(text: str) -> tuple[str, ...]:
    """The eight texts of which one must keep the constraint."""
    lines = text.split("\n")
    cut = (text, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1])))
    return (*cut, *(one.replace("*", "") for one in cut))


def kept(text: str, constraints: Sequence[Constraint], how: Literal["strict", "loose"]) -> list[bool]:
    """Which constraints an answer keeps. One that cannot be told is kept, as in IFEval's own code."""
    texts = (text,) if how == "strict" else readings(text)
    found = [False] * len(constraints)
    for one in texts:
        if all(found) or not one.strip():
            continue
        outcomes = verify_constraints(one, list(constraints)).outcomes
        found = [was or now.verdict != "fail" for was, now in zip(found, outcomes, strict=True)]
    return found
