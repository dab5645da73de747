"""Items as Argilla's records, and its responses as answers: everything shown is escaped, everything read is plain."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from smoltalk.review.argilla.client import User
from smoltalk.review.argilla.settings import CHAT, EVIDENCE, PROMPT, A, B
from smoltalk.review.records import Answer, Item, Turn

LONGEST = 20_000
"""Characters of one message that the server takes (`ARGILLA_MAX_MESSAGE_LENGTH`)."""
_LONGEST_ROLE = 20
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MOST_TURNS = 500


def record(item: Item, run: str, blind: bool, questions: Mapping[str, str]) -> dict[str, Any]:
    """An item of a run as the API takes it; `questions` are the dataset's, ids by name."""
    told_first = (Turn("tools", item.tools),) if item.tools else ()
    turns = (*told_first, *item.turns)
    if item.makes == "dpo":
        a, b = (escaped(text) for text in item.answers)
        fields: dict[str, Any] = {PROMPT: _chat(turns), A: a, B: b}
    else:
        fields = {CHAT: _chat(turns)}
    told = {} if blind or not item.evidence else {EVIDENCE: _lines(item.evidence)}
    suggestions = [] if not item.answer else [{"question_id": questions["text"], "value": item.answer}]
    return {
        "external_id": item.name,
        "fields": fields | told,
        "metadata": {"category": item.category or "none", "run": run},
        "suggestions": suggestions,
    }


def answers(record: Mapping[str, Any], people: Mapping[str, User], origin: str) -> Iterator[Answer]:
    """What everybody answered to a record; untouched discards have no values."""
    row_id, _, mark = str(record["external_id"]).rpartition("-")
    for response in record.get("responses") or ():
        values = {name: value.get("value") for name, value in (response.get("values") or {}).items()}
        user = people.get(response["user_id"], User(response["user_id"], owner=False))
        yield Answer(
            row_id, mark, user.name, response["status"],
            {name: value for name, value in values.items() if value not in (None, "", [])},
            response["inserted_at"], response["updated_at"], origin, user.owner,
        )  # fmt: skip


def escaped(text: str) -> str:
    """Text that a browser shows as it is. The page runs what a field holds unless it is escaped: stored XSS in
    argilla-server 2.8.0; `$` is its template's own sign. Characters that turn the order of what follows are spelt out,
    since with them nobody sees what is there (Boucher and Anderson 2021, Trojan Source)."""
    spelt = _TURNING.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)
    return html.escape(spelt).replace("$", "&#36;")


def _chat(turns: tuple[Turn, ...]) -> list[dict[str, str]]:
    """Messages as the server takes them: long ones in pieces, of very many the first and last."""
    messages = [
        {"role": escaped(turn.role)[:_LONGEST_ROLE] or "unknown", "content": piece}
        for turn in turns
        for piece in _pieces(escaped(turn.content))
    ]
    if len(messages) > _MOST_TURNS:
        half = _MOST_TURNS // 2
        left_out = {"role": "note", "content": f"{len(messages) - 2 * half + 1:,} messages are left out here"}
        messages = [*messages[: half - 1], left_out, *messages[-half:]]
    return messages


def _pieces(text: str) -> Iterator[str]:
    """Pieces that the server takes; none of them ends within an escape such as `&lt;`."""
    while len(text) > LONGEST:
        cut = LONGEST
        begun = text.rfind("&", cut - 8, cut)
        if begun >= 0 and ";" not in text[begun:cut]:
            cut = begun
        yield text[:cut]
        text = text[cut:]
    yield text or " "


def _lines(evidence: Mapping[str, str]) -> str:
    return escaped("\n".join(f"{name}: {value}" for name, value in evidence.items()))[:LONGEST]
