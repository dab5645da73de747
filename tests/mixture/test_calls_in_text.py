"""Calls that are written as text keep their marks, in the conversations and turns that are meant to have them."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.mixture.reading import opened
from smoltalk.mixture.source import MixSource

CALL = '<tool_call>[{"name": "f"}]</tool_call>'
BROKEN = CALL.replace("<", "< ")
SPELT = f"Answer like this: {CALL}"


def talk(*said: tuple[str, str]) -> dict[str, Any]:
    return {"messages": [{"content": content, "role": role} for role, content in said]}


GIVEN = [
    talk(("user", "q"), ("assistant", "a")),
    talk(("system", SPELT), ("user", "q"), ("assistant", CALL)),
    talk(("system", SPELT), ("user", CALL), ("assistant", f"{CALL}<|im_end|>"), ("tool", CALL), ("assistant", "a")),
    talk(("system", "Be kind."), ("user", "q"), ("assistant", CALL)),
    talk(("user", SPELT), ("assistant", CALL)),
    talk(("user", "q"), ("system", SPELT), ("assistant", CALL)),
    talk(("system", "Never write </tool_call>."), ("user", "q"), ("assistant", CALL)),
]
MADE = [
    ["q", "a"],
    [SPELT, "q", CALL],
    [SPELT, BROKEN, f"{CALL}< |im_end|>", BROKEN, "a"],
    ["Be kind.", "q", BROKEN],
    [SPELT.replace("<", "< "), BROKEN],
    ["q", SPELT.replace("<", "< "), BROKEN],
    ["Never write < /tool_call>.", "q", BROKEN],
]


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_marks_stay_where_the_conversation_begins_with_how_calls_are_written(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"a.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(GIVEN), file)
    else:
        file.write_text("".join(f"{json.dumps(row)}\n" for row in GIVEN))
    (piece,) = [read() for read in opened("a", MixSource(files=str(file)), "sft").pieces()]
    rows = piece.batch.to_pylist()
    assert [[turn["content"] for turn in row["messages"]] for row in rows] == MADE
    assert piece.mended == 5, "two are as they were"
