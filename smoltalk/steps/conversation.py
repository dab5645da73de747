"""Columns become the turns of a conversation."""

from collections.abc import Iterator
from itertools import chain, zip_longest

from smoltalk.contracts import Ask, Write
from smoltalk.errors import RowFailed
from smoltalk.rows import Message, Row, message


class Conversation(Write):
    """Writes `messages`: an optional system turn, then the user's and the assistant's turns by turns.

    `conversation: {system: style, user: text, assistant: rewriting}` is one exchange, lists of columns are several.
    Asks no engine. A column that holds no text fails the row: a conversation is never kept with a hole in it.
    """

    user: str | tuple[str, ...] = "instruction"
    """The column or columns of what the user says, in order."""
    assistant: str | tuple[str, ...] = "response"
    """The column or columns of the answers, in order."""
    system: str | tuple[str, ...] | None = None
    """The column of the system turn; several are joined by a blank line."""

    def check(self) -> Iterator[str]:
        asked, answered = len(_named(self.user)), len(_named(self.assistant))
        if asked != answered or not asked:
            yield f"`conversation` needs an answer to every turn: `user` names {asked} columns, `assistant` {answered}"
        if "messages" in self.reads():
            yield "`conversation` writes `messages`, so it cannot be made of it"

    def reads(self) -> frozenset[str]:
        return frozenset(chain(_named(self.system), _named(self.user), _named(self.assistant)))

    def writes(self) -> frozenset[str]:
        return frozenset({"messages"})

    async def write(self, row: Row, ask: Ask) -> Row:
        turns: list[Message] = []
        if opening := [_text(row, column) for column in _named(self.system)]:
            turns.append(message("system", "\n\n".join(opening)))
        for asked, answered in zip_longest(_named(self.user), _named(self.assistant)):
            turns.append(message("user", _text(row, asked)))
            turns.append(message("assistant", _text(row, answered)))
        return {"messages": turns}


def _named(columns: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else columns or ()


def _text(row: Row, column: str) -> str:
    """The column's text, without white space around it. Raises `RowFailed` (`missing`)."""
    value = row.get(column)
    if not isinstance(value, str) or not value.strip():
        raise RowFailed("missing", f"column `{column}` holds no text to be a turn")
    return value.strip()
