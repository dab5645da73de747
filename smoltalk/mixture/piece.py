"""What reading a source gives: pieces of rows, and rows that are none."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa


CALLS = {"messages": "calls", **{name: f"{name}_calls" for name in ("prompt", "chosen", "rejected")}}
"""What the column of function calls is called beside each column of turns."""


class Failed(NamedTuple):
    """A row that cannot be a conversation. It is born, and ends there."""

    id: str
    """16 hex digits, like that of any row."""
    source_id: str
    """As in `Piece.batch`."""
    place: str
    """Where it stands: `file:line`, `file:row` or `split:row`, counted from 1."""
    reason: str
    """What is counted: `not_json`, `wrong_type`, `missing`, `no_turns`, `unknown_role`, `no_content`, `too_long`."""
    detail: str
    """A sentence, neutralised."""


class Piece(NamedTuple):
    """A stretch of a source, about 8 to 32 MB. `rows` = rows in `batch` + `failed` + `passed_over`."""

    number: int
    """Within its source, from 0, without gaps: the same stretch at every call over the same data."""
    source: str
    """The source's name in the mixture."""
    rows: int
    """Rows of the source in this stretch."""
    batch: "pa.RecordBatch"
    """Rows that are conversations, in their order. Columns, no nulls but where said:

    `id: string`         16 hex digits, of the source's name, `source_id` and the texts; equal only for rows that are
                         equal in all three
    `source: string`     the source's name in the mixture
    `source_id: string`  their own `id`, or else the place
    sft: `messages: list<struct<role: string, content: string>>`; dpo: `prompt`, `chosen`, `rejected`, the same type,
                         answers without the prompt. Roles are system, user, assistant and tool; contents neutralised.
    `calls: string`      nullable. Of a row with function calls: a JSON list with an object a turn, of what it has
                         beside role and content (`tool_calls`, `name`, `tool_call_id`). See `calls.called`. Of pairs
                         three, `prompt_calls` and so on, as `CALLS` names them.
    then the `columns` asked for, in that order, each nullable and of type int64, double, bool, string, list<string>,
    list<int64>, list<double>, or a string of JSON (then the field's metadata has `json: 1`); all null (type null) where
    the source has no such column. Types may differ between pieces: see `columns.unified` and `columns.fitted`.
    """
    failed: list[Failed]
    passed_over: int
    """Rows that `where` does not ask for: not born."""
    mended: int
    """Rows of `batch` in which control tokens were broken, or half characters and bytes that are no UTF-8 replaced."""
