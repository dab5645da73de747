"""Who may speak in a row: chat templates write a role as it stands, so a strange one could forge turns of its own."""

from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.text import shown

ROLES = frozenset({"system", "user", "assistant", "tool"})
"""The roles of published turns; every chat template knows them."""


def stranger(row: Row) -> RowFailed | None:
    """Why a row cannot be accepted: the first turn of its `messages` that nobody may speak; None when all is well."""
    messages = row.get("messages")
    for number, turn in enumerate(messages if isinstance(messages, list | tuple) else (), 1):
        role = turn.get("role") if isinstance(turn, dict) else None
        if not (isinstance(role, str) and role in ROLES):
            failure = RowFailed("unknown_role", f"turn {number} of `messages` is spoken by {shown(role, 40)!r}")
            failure.where = "messages"
            return failure
    return None
