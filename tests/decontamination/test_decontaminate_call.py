"""The command from end to end: every form of data, every row on one side, with its evidence."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.decontamination.conftest import CRANE, FERRY, LAMPS, PLAIN, SHORT, Call, chat, jsonl, rows, summary


def test_rows_are_set_apart_with_their_evidence(call: Call) -> None:
    given = [
        {"id": "a", "messages": chat(PLAIN, PLAIN), "n": 1},
        {"id": "b", "messages": chat("Hello!", f"Surely. {LAMPS} Thanks."), "n": 2},
        {"id": "c", "messages": chat(SHORT.upper()), "n": 3},
    ]
    jsonl(Path("data.jsonl"), given)
    said = call("data.jsonl")
    assert said.code == 0
    assert [row["id"] for row in rows("clean")] == ["a"]
    assert rows("clean") == given[:1]
    one, two = rows("contaminated")
    assert ({k: one[k] for k in given[1]}, two["id"]) == (given[1], "c")
    assert one["contamination"] == [
        {
            "benchmark": "harbour", "item": "lamps", "score": 1.0, "kind": "exact", "method": "coverage",
            "source": "data.jsonl:2", "column": "messages", "turn": 1, "role": "assistant", "text": LAMPS[:-1],
            "before": "Surely. ", "after": "? Thanks.",
        }
    ]  # fmt: skip
    assert (two["contamination"][0]["item"], two["contamination"][0]["turn"]) == ("short", 0)
    told = summary()
    assert (told["rows"], told["clean"], told["contaminated"]) == (3, 1, 2)
    assert told["found"]["harbour"] | {"kinds": 0} == {
        "items": 4, "items_hit": 2, "share": 0.5, "over_two_percent": True, "rows": 2, "kinds": 0
    }  # fmt: skip
    assert "3 rows" in said.out
    assert "harbour  2  rows hold  2  of 4 items" in said.out


@pytest.mark.parametrize(
    ("row", "column", "turn", "role"),
    [
        ({"messages": chat(PLAIN, FERRY)}, "messages", 1, "assistant"),
        ({"conversations": [{"from": "human", "value": FERRY}]}, "conversations", 0, "human"),
        ({"prompt": PLAIN, "chosen": "no", "rejected": FERRY}, "rejected", None, None),
        ({"prompt": chat(PLAIN), "chosen": chat(PLAIN, FERRY), "rejected": chat(PLAIN)}, "chosen", 1, "assistant"),
        ({"text": f"{PLAIN} {FERRY}"}, "text", None, None),
        ({"instruction": PLAIN, "response": FERRY}, "response", None, None),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": FERRY}]}]}, "messages", 0, "user"),
        (
            {"messages": [{"role": "assistant", "content": None, "tool_calls": [{"function": {"arguments": FERRY}}]}]},
            "messages",
            0,
            "assistant",
        ),
        ({"passages": [PLAIN, None, FERRY]}, "passages", 2, None),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_all_columns_with_text_are_looked_at(
    call: Call, row: Any, column: str, turn: int | None, role: str | None, form: str
) -> None:
    clean = json.loads(json.dumps(row).replace(FERRY, "Good day."))
    table = [{"id": 1, **clean}, {"id": 2, **row}]
    if form == "jsonl":
        jsonl(Path("data.jsonl"), table)
    else:
        pq.write_table(pa.Table.from_pylist(table), "data.parquet")
    assert call(f"data.{form}").code == 0
    assert [row["id"] for row in rows("clean")] == [1]
    hit = rows("contaminated")[0]["contamination"][0]
    assert (hit["item"], hit["column"], hit["turn"], hit["role"]) == ("ferry", column, turn, role)


def test_one_column_can_be_chosen(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"question": PLAIN, "answer": FERRY, "n": 3}])
    wrong = call("data.jsonl", "--of", "questoin")
    assert (wrong.code, "did you mean `question`?" in wrong.err) == (2, True)
    assert "holds no texts" in call("data.jsonl", "--of", "n").err
    assert call("data.jsonl", "--of", "question").code == 0
    assert summary()["contaminated"] == 0


def test_files_folders_globs_and_runs(call: Call) -> None:
    Path("set/deep").mkdir(parents=True)
    jsonl(Path("set/a.jsonl"), [{"id": 1, "text": PLAIN}])
    pq.write_table(pa.table({"id": [2], "text": [LAMPS]}), "set/deep/b.parquet")
    Path("run/data").mkdir(parents=True)
    Path("run/run.db").touch()
    pq.write_table(pa.table({"id": [3], "text": [CRANE]}), "run/data/train-00000.parquet")
    jsonl(Path("run/rejected.jsonl"), [{"id": 4, "text": CRANE}])
    for number, (data, ids) in enumerate(
        {("set",): [1, 2], ("set/*.jsonl",): [1], ("run",): [3], ("set/a.jsonl", "run"): [1, 3]}.items()
    ):
        assert call(*data, out=f"out{number}").code == 0
        found = rows("clean", f"out{number}") + rows("contaminated", f"out{number}")
        assert sorted(row["id"] for row in found) == ids


def test_dates_stay_texts_and_columns_of_the_input_stay(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN, "when": "2024-01-01", "contamination": "none"}, {"text": LAMPS}])
    said = call("data.jsonl")
    assert (said.code, "rows with evidence, in the column `contamination_`" in said.out) == (0, True)
    assert rows("clean") == [{"text": PLAIN, "when": "2024-01-01", "contamination": "none"}]
    assert rows("contaminated")[0]["contamination_"][0]["item"] == "lamps"


def test_parts_of_other_schemas_load_as_one_dataset(call: Call) -> None:
    jsonl(Path("a.jsonl"), [{"id": "1", "text": PLAIN, "extra": None}])
    jsonl(Path("b.jsonl"), [{"id": "2", "text": PLAIN, "extra": 1, "more": {"x": 1}}])
    jsonl(Path("c.jsonl"), [{"id": "3", "text": PLAIN, "extra": "one", "more": {"y": "z"}}])
    assert call("a.jsonl", "b.jsonl", "c.jsonl").code == 0
    schemas = {str(pq.read_schema(path)) for path in Path("out/clean").iterdir()}
    assert len(schemas) == 1
    assert [(row["id"], row["extra"]) for row in rows("clean")] == [("1", None), ("2", "1"), ("3", "one")]


def test_the_dataset_report_counts_items_once(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": LAMPS}, {"text": LAMPS}, {"text": PLAIN}])
    said = call("data.jsonl", "--dataset-report")
    assert "harbour  1  of 4  25.00 %  over 2 %" in said.out


def test_a_row_of_more_items_than_are_written_down_is_told(call: Call) -> None:
    names = ["amber", "birch", "cedar", "dover", "ember", "fjord", "grove", "haven", "inlet", "jetty", "knoll"]
    asked = [
        f"Which {one} sailors mended torn {two} canvas beneath {one} lanterns while storms battered {two} piers?"
        for one in names[:2] for two in names
    ]  # fmt: skip
    jsonl(Path("many.jsonl"), [{"question": one} for one in asked])
    jsonl(Path("data.jsonl"), [{"text": " ".join(asked)}])
    said = call("data.jsonl", against="many.jsonl")
    assert (said.code, summary()["more_items"], summary()["uncounted"]) == (0, 1, 0)
    assert "1  with more than 20 items, of which the best 20 are written down" in said.out
    assert len(rows("contaminated")[0]["contamination"]) == 20


def test_the_help_loads_nothing_heavy() -> None:
    import sys

    program = "import smoltalk.cli.decontaminate, sys; print({'numba', 'numpy', 'pyarrow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
