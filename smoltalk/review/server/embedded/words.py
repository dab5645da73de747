"""Searching texts: words that must all be there, "phrases", `-not`, `a | b` and `begin*`."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_TERM = re.compile(r'(?P<sign>[+\-]?)(?:"(?P<phrase>[^"]*)"?|(?P<bar>\|)|(?P<word>[^\s|]+))')

Pattern = re.Pattern[str]


@lru_cache(maxsize=64)
def asked(query: str) -> tuple[tuple[tuple[Pattern, ...], ...], tuple[Pattern, ...]]:
    """Groups of patterns, one of which must match whole, and patterns that must not match."""
    groups: list[list[Pattern]] = [[]]
    banned: list[Pattern] = []
    for term in _TERM.finditer(query.casefold()):
        if term["bar"]:
            groups.append([])
            continue
        words = (term["phrase"] or term["word"] or "").strip("()").rstrip("*").split()
        if not words:
            continue
        open_end = (term["word"] or "").endswith("*")
        pattern = re.compile(r"(?<!\w)" + r"\W+".join(map(re.escape, words)) + ("" if open_end else r"(?!\w)"))
        (banned if term["sign"] == "-" else groups[-1]).append(pattern)
    return tuple(tuple(group) for group in groups if group), tuple(banned)


def matches(fields: str | None, field: str | None, query: str) -> int:
    """Whether a record's fields (JSON), or one of them, hold what a query asks for: a function for SQLite."""
    groups, banned = asked(query)
    known = json.loads(fields or "{}")
    text = "\n".join(_texts(known.get(field) if field else known)).casefold()
    wanted = not groups or any(all(pattern.search(text) for pattern in group) for group in groups)
    return int(wanted and not any(pattern.search(text) for pattern in banned))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
