"""Who may speak in a row: chat templates write a role as it stands, so a strange one could forge turns of its own."""

from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.text import shown

ROLES = frozenset({"system", "user", "assistant", "tool"})
"""The roles of published turns; every chat template knows them."""

_OF_PAIRS = ("prompt", "chosen", "rejected")
_CONVERSATIONS = ("messages", *_OF_PAIRS)


def stranger(row: Row) -> RowFailed | None:
    """Why a row cannot be accepted: the first turn of a conversation that nobody may speak; None when all is well."""
    for column in _CONVERSATIONS:
        turns = row.get(column)
        for number, turn in enumerate(turns if turns and isinstance(turns, list | tuple) else (), 1):
            role = turn.get("role") if isinstance(turn, dict) else None
            if isinstance(role, str) and role in ROLES:
                continue
            if column in _OF_PAIRS and not (isinstance(turn, dict) and "role" in turn):
                break  # a column of that name need not hold a conversation
            failure = RowFailed("unknown_role", f"turn {number} of `{column}` is spoken by {shown(role, 40)!r}")
            failure.where = column
            return failure
    return None
