"""Rows that people changed, and rows of which they said different things, as short texts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from re import findall

import orjson

from smoltalk.reporting.people import Disputed, Edit
from smoltalk.review.agreement import Voice
from smoltalk.review.booking import LABEL
from smoltalk.review.records import Item
from smoltalk.rows import conversation
from smoltalk.run.journal import Fate
from smoltalk.text import neutralise

_MOST, _VOICES = 5, 8
_SHOWN, _LEAD = 700, 80
"""Characters of a text that are shown; of what stands before the first change."""
_WORDS = {
    "keep": "keep", "drop": "drop", "chosen": "the chosen one is better", "rejected": "the rejected one is better",
    "tie": "equally good", "both_bad": "both bad",
}  # fmt: skip


def edits(lines: Iterable[Fate]) -> list[Edit]:
    """The first rows that people corrected, before and after."""
    found: list[Edit] = []
    for line in lines:
        if line.fate != "accepted" or len(found) == _MOST:
            continue
        before = orjson.loads(line.evidence).get(LABEL, {}).get("original")
        turns = conversation(orjson.loads(line.columns))
        after = turns[-1].get("content") if turns else None
        if isinstance(before, str) and isinstance(after, str):
            found.append(Edit(line.id, *_compared(*_around(before, after))))
    return found


def _around(before: str, after: str) -> tuple[str, str]:
    """Both from a little before where they differ."""
    beside = enumerate(zip(before, after, strict=False))
    same = next((place for place, (a, b) in beside if a != b), min(len(before), len(after)))
    start = max(0, same - _LEAD)
    return _cut(before, start), _cut(after, start)


def _cut(text: str, start: int = 0) -> str:
    whole = text[start : start + _SHOWN]
    return ("…" if start else "") + whole + ("…" if start + _SHOWN < len(text) else "")


def _compared(before: str, after: str) -> tuple[list[tuple[bool, str]], list[tuple[bool, str]]]:
    """Both in pieces, word by word: (whether it differs, text)."""
    one, other = findall(r"\s+|\w+|[^\w\s]", before), findall(r"\s+|\w+|[^\w\s]", after)
    left: list[tuple[bool, str]] = []
    right: list[tuple[bool, str]] = []
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        left.append((kind != "equal", "".join(one[a:b])))
        right.append((kind != "equal", "".join(other[c:d])))
    return [_neutral(piece) for piece in left if piece[1]], [_neutral(piece) for piece in right if piece[1]]


def _neutral(piece: tuple[bool, str]) -> tuple[bool, str]:
    return piece[0], neutralise(piece[1])


def disputed(items: Iterable[Item], said: Iterable[Voice], letters: Mapping[str, str]) -> list[Disputed]:
    """Rows of which people said different things, the most evenly split first."""
    by_row: dict[int, list[Voice]] = {}
    for voice in said:
        by_row.setdefault(voice.row, []).append(voice)
    of = {item.row: item for item in items}
    split = [(_lead(voices), row) for row, voices in by_row.items() if len({voice.said for voice in voices}) > 1]
    return [_disputed(of[row], by_row[row], letters) for _, row in sorted(split)[:_MOST]]


def _lead(voices: Sequence[Voice]) -> float:
    """The share of those who say what most say."""
    return max(Counter(voice.said for voice in voices).values()) / len(voices)


def _disputed(item: Item, voices: Sequence[Voice], letters: Mapping[str, str]) -> Disputed:
    said = sorted((letters[voice.reviewer], _WORDS[voice.said]) for voice in voices)[:_VOICES]
    asked = next((turn for turn in reversed(item.turns) if turn.role == "user"), item.turns[0])
    texts = [(asked.role, asked.content)]
    if item.makes == "dpo":
        better, worse = item.answers[::-1] if item.swapped else item.answers
        texts += [("chosen", better), ("rejected", worse)]
    elif item.answer:
        texts.append(("assistant", item.answer))
    return Disputed(item.id, said, [(neutralise(role), neutralise(_cut(text))) for role, text in texts])
