"""The rows that can be browsed on the page, as JSON that cannot leave its script element."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from markupsafe import Markup

from smoltalk.reporting.findings import Findings, Sample
from smoltalk.reporting.page_text import spelt

MOST_BYTES = 3_000_000
"""Of all samples together; those that no longer fit are left out."""
_MOST_OF_ONE = 60_000
"""Characters of one sample, its turns together; findings hold fewer, this holds whatever they do."""
_CATEGORIES = ("category", "topic", "task", "tag", "intent")
_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def samples_json(of: Findings) -> Markup:
    """Accepted and turned-away rows for the page's script."""
    category = category_column(of)
    listed, room = [], MOST_BYTES
    for one in [*of.samples, *of.turned_away]:
        text = orjson.dumps(_plain(one, category)).decode()
        room -= len(text.encode())
        if room < 0:
            break
        listed.append(text)
    return _embedded(f'{{"category":{orjson.dumps(category).decode()},"rows":[{",".join(listed)}]}}')


def category_column(of: Findings) -> str:
    """The column that sorts rows into kinds: one of a telling name, else the first label without an order; or ""."""
    labels = [one.name for one in of.labels if 1 < one.different <= 60]
    named = [one.categorised_by for one in of.numbers if one.categorised_by]
    free = [one.name for one in of.labels if one.name in labels and not one.ordered]
    return next((name for name in [*_CATEGORIES, *named, *free] if name in labels or name in named), "")


def _plain(one: Sample, category: str) -> dict[str, Any]:
    return {
        "id": spelt(one.id),
        "source": spelt(one.source),
        "split": spelt(one.split),
        "fate": one.fate,
        "gate": spelt(one.gate),
        "reason": spelt(one.reason),
        "category": next((spelt(value)[:80] for name, value in one.columns if name == category), ""),
        "words": one.words,
        "turns": list(_turns(one)),
        "left": one.turns_left_out,
        "columns": _pairs(one.columns),
        "evidence": _pairs(one.evidence),
    }


def _turns(one: Sample) -> Iterable[dict[str, Any]]:
    room = _MOST_OF_ONE
    for turn in one.turns:
        text = spelt(turn.text)
        yield {"role": spelt(turn.role), "text": text[:room], "cut": turn.cut + max(0, len(text) - room)}
        room = max(0, room - len(text))


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(spelt(name)[:200], spelt(value)[:2_000]) for name, value in pairs[:40]]


def _embedded(json: str) -> Markup:
    """JSON for a script element: no tag, entity or line separator of JavaScript in it."""
    for character, escape in _IN_SCRIPT.items():
        json = json.replace(character, escape)
    return Markup(json)
