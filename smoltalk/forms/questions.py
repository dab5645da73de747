"""Questions with their answers: under headings, as a page of frequent questions, or in turn, as an examiner writes."""

import re
from collections.abc import Sequence

from smoltalk.text import normalise, words

_HEADING = re.compile(r"^#{2,4} +(.*)$")
_ASKED = re.compile(r"^(?:\*\*)?Question:?(?:\*\*)?:? +(.*)$")
_ANSWERED = re.compile(r"^(?:\*\*)?Answer:?(?:\*\*)?:? +(.*)$")
_LEAST, _MOST = 3, 8
_MOST_LEAD = 60
"""Words of a title and a lead above the first question."""

Pair = tuple[str, str]


def faq_fault(text: str) -> str:
    """What keeps a text from being a page of frequent questions."""
    lead: list[str] = []
    pairs: list[Pair] = []
    for line in map(str.strip, text.splitlines()):
        if heading := _HEADING.match(line):
            pairs.append((heading[1].strip().strip("*"), ""))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {line}".strip())
        else:
            lead.append(line)
    if len(" ".join(lead).split()) > _MOST_LEAD:
        return "a long text stands above the first question"
    return _pairs_fault(pairs)


def qa_fault(text: str) -> str:
    """What keeps a text from being questions and answers in turn, of more than one kind."""
    pairs: list[Pair] = []
    answered = True
    for line in filter(None, map(str.strip, text.splitlines())):
        if asked := _ASKED.match(line):
            if not answered:
                return f"question {len(pairs)} has no answer"
            pairs.append((asked[1].strip(), ""))
            answered = False
        elif said := _ANSWERED.match(line):
            if answered:
                return f"answer {len(pairs) + 1} has no question"
            pairs[-1] = (pairs[-1][0], said[1].strip())
            answered = True
        elif not pairs or not answered:
            return f"`{line[:40]}` is neither a question nor an answer"
        else:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {line}")
    openings = {words(asked)[0] for asked, _ in pairs if words(asked)}
    if not (found := _pairs_fault(pairs)) and len(openings) < 2:
        return f"all questions begin with `{next(iter(openings), '')}`"
    return found


def _pairs_fault(pairs: Sequence[Pair]) -> str:
    if not _LEAST <= len(pairs) <= _MOST:
        return f"it has {len(pairs)} questions, not {_LEAST} to {_MOST}"
    for number, (asked, said) in enumerate(pairs, 1):
        if not asked.endswith(("?", "？", "؟")):
            return f"question {number} does not end with a question mark"
        if not words(said):
            return f"question {number} has no answer"
        if normalise(said) == normalise(asked):
            return f"answer {number} repeats its question"
    if len({normalise(asked) for asked, _ in pairs}) < len(pairs):
        return "a question stands there twice"
    if len({normalise(said) for _, said in pairs if len(words(said)) > 3}) < sum(len(words(s)) > 3 for _, s in pairs):
        return "an answer stands there twice"
    return ""
