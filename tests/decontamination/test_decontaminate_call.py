"""The command from end to end: every form of data, every row on one side, evidence, bad rows, interrupted calls."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.decontamination import parts, session
from smoltalk.decontamination.tally import Tally
from tests.decontamination.conftest import CRANE, FERRY, LAMPS, PLAIN, SHORT, Call, chat, jsonl, rows


def summary(out: str = "out") -> dict[str, Any]:
    return dict(json.loads(Path(out, "summary.json").read_text()))


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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("dta.jsonl",), "dta.jsonl  there is no such file or folder\n    did you mean `data.jsonl`?"),
        (("empty",), "empty  holds no JSON Lines and no Parquet"),
        (("data.jsonl", "--threshold", "0"), "--threshold  0 is not more than 0 and at most 1"),
        (("data.jsonl", "--threshold", "0.6", "--method", "tulu3"), "does not go with `--method tulu3`"),
        (("broken.parquet",), "broken.parquet  is no whole Parquet file"),
        (("numbers.jsonl",), "numbers.jsonl  holds no column of texts; there is: n"),
    ],
)
def test_mistakes_are_told(call: Call, arguments: tuple[str, ...], sentence: str) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    jsonl(Path("numbers.jsonl"), [{"n": 3}])
    Path("empty").mkdir()
    Path("broken.parquet").write_bytes(b"PAR1 and no more")
    said = call(*arguments)
    assert (said.code, sentence in said.err) == (2, True), said.err


def test_unknown_benchmarks_get_the_nearest_name(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    said = call("data.jsonl", against="gsm9k,nowhere.jsonl")
    assert (said.code, "did you mean `gsm8k`?" in said.err) == (2, True)
    assert "there is no file nowhere.jsonl" in said.err


def test_all_mistakes_are_told_at_once(call: Call) -> None:
    said = call("dta.jsonl", "--threshold", "7", against="gsm9k")
    assert said.code == 2
    for sentence in ("7 is not more than 0 and at most 1", "did you mean `gsm8k`?", "dta.jsonl  there is no such file"):
        assert sentence in said.err


def test_bad_rows_are_counted_and_kept(call: Call) -> None:
    given = [
        json.dumps({"id": "a", "messages": chat(PLAIN)}),
        "{not json",
        json.dumps({"id": "b", "messages": 7}),
        json.dumps([1, 2]),
        json.dumps({"id": "c", "messages": chat(f"\ud800 {LAMPS}")}),
        json.dumps({"id": "d", "messages": []}),
        json.dumps({"id": "e", "messages": chat("word " * 300_000 + FERRY)}),
        "",
    ]
    jsonl(Path("data.jsonl"), given)
    said = call("data.jsonl")
    told = summary()
    assert said.code == 0
    assert told["rows"] == told["clean"] + told["contaminated"] + told["unreadable"] == 7
    assert (told["unreadable"], told["broken_text"], told["without_text"], told["long"]) == (3, 1, 1, 1)
    assert [row["id"] for row in rows("contaminated")] == ["c", "e"]
    assert Path("out/unreadable/part-00000.jsonl").read_text().splitlines() == [given[1], given[3], given[2]]
    assert "lines that are no rows" in said.out


def test_data_without_a_readable_line_is_a_mistake(call: Call) -> None:
    jsonl(Path("data.jsonl"), ["{not json", "[1]"])
    said = call("data.jsonl")
    assert (said.code, "data.jsonl  none of 2 lines is a row: nothing was looked at" in said.err) == (2, True), said.err
    assert "data.jsonl, byte 10: is no JSON object" in said.err
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    assert call("data.jsonl").code == 0


def test_broken_utf8_in_parquet_is_read_around(call: Call) -> None:
    texts = pa.array([PLAIN.encode(), b"\xed\xa0\x80 " + LAMPS.encode()]).view(pa.string())
    pq.write_table(pa.table({"id": [1, 2], "text": texts}), "data.parquet")
    assert call("data.parquet").code == 0
    assert (summary()["broken_text"], summary()["contaminated"]) == (1, 1)


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


def test_small_parts_give_the_same_rows(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [{"id": i, "text": (FERRY if i % 7 == 0 else PLAIN) + f" {i}"} for i in range(400)]
    jsonl(Path("data.jsonl"), given)
    pq.write_table(pa.Table.from_pylist(given), "data.parquet", row_group_size=300)
    call("data.jsonl", out="whole")
    monkeypatch.setattr(parts, "PART", 3_000)
    monkeypatch.setattr("smoltalk.decontamination.lines._BLOCK", 1_000)
    for data in ("data.jsonl", "data.parquet"):
        assert call(data, out=data + ".out").code == 0
        for side in ("clean", "contaminated"):
            found = str(rows(side, data + ".out")).replace(f"{data}:", "data.jsonl:")
            assert found == str(rows(side, "whole"))
        assert len(list(Path(data + ".out", "clean").iterdir())) > 5


def test_a_call_goes_on_where_another_was_killed(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 2_000)
    jsonl(Path("data.jsonl"), [{"id": i, "text": LAMPS if i % 9 == 0 else PLAIN} for i in range(100)])
    call("data.jsonl", out="whole")
    done: list[int] = []
    work = session.work

    def dies(part: parts.Part, *rest: Any) -> Tally:
        if part.number == 3:
            raise KeyboardInterrupt
        return work(part, *rest)

    monkeypatch.setattr(session, "work", dies)
    stopped = call("data.jsonl")
    assert (stopped.code, "goes on" in stopped.err) == (130, True)
    kept = {path.name for path in Path("out/.parts").glob("0*.json")}
    assert "00003.json" not in kept
    Path("out/clean/part-00003.parquet").write_bytes(b"half")
    Path("out/clean/.part-00004.parquet.tmp").write_bytes(b"half")

    def counts(part: parts.Part, *rest: Any) -> Tally:
        done.append(part.number)
        return work(part, *rest)

    monkeypatch.setattr(session, "work", counts)
    assert call("data.jsonl").code == 0
    assert not {f"{number:05}.json" for number in done} & kept
    for side in ("clean", "contaminated"):
        assert rows(side) == rows(side, "whole")
    done.clear()
    assert call("data.jsonl").code == 0
    assert done == []


def test_a_folder_takes_one_call(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    assert call("data.jsonl").code == 0
    other = call("data.jsonl", "--threshold", "0.6")
    assert (other.code, "with other threshold" in other.err) == (2, True)
    Path("mine").mkdir()
    Path("mine/thesis.txt").touch()
    assert "holds other files already" in call("data.jsonl", out="mine").err
    assert [path.name for path in Path("mine").iterdir()] == ["thesis.txt"]


def test_the_dataset_report_counts_items_once(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": LAMPS}, {"text": LAMPS}, {"text": PLAIN}])
    said = call("data.jsonl", "--dataset-report")
    assert "harbour  1  of 4  25.00 %  over 2 %" in said.out


def test_the_page_shows_spans_and_runs_nothing(call: Call) -> None:
    hostile = "<script>alert(1)</script>{{ 7 * 7 }}"
    jsonl(Path("data.jsonl"), [{"id": hostile, "text": f"{hostile} {LAMPS.replace('14', '15')} {hostile}"}])
    assert call("data.jsonl").code == 0
    page = Path("out/report.html").read_text()
    assert "<script" not in page and "&lt;script&gt;" in page and "{{ 7 * 7 }}" in page
    assert "<del>15 </del>" in page and "<del>14 </del>" in page
    assert not [word for word in ("http:", "https:", "src=", "<link", "@import", "url(") if word in page]


def test_the_help_loads_nothing_heavy() -> None:
    import sys

    program = "import smoltalk.cli.decontaminate, sys; print({'numba', 'numpy', 'pyarrow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_id_that_is_no_utf8_is_shown_with_replacement(call: Call) -> None:
    offsets, data = pa.array([b"i\xff"]).buffers()[1:]
    broken = pa.Array.from_buffers(pa.string(), 1, [None, offsets, data])
    pq.write_table(pa.table({"id": broken, "text": [LAMPS]}), "data.parquet")
    said = call("data.parquet")
    assert said.code == 0, said.err
    assert "row <b>i\ufffd</b>" in Path("out/report.html").read_text("utf-8")


def test_half_characters_in_private_items_do_no_harm(call: Call) -> None:
    Path("half.jsonl").write_text('{"id": "l\\ud800", "question": "\\udc00 ' + LAMPS + '"}\n')
    jsonl(Path("data.jsonl"), [{"id": "a", "text": LAMPS}])
    said = call("data.jsonl", against="half.jsonl")
    assert said.code == 0, said.err
    assert rows("contaminated")[0]["contamination"][0]["item"] == "l\ufffd"


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


def test_nothing_is_said_to_be_kept_where_nothing_can_be(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    said = call("data.jsonl", out="/proc/nowhere")
    assert (said.code, "/proc/nowhere" in said.err, "kept" in said.err) == (3, True, False), said.err
