"""What is wrong with sources that are runs and files of this machine; mistakes of YAML are in tests/pipeline/broken."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from smoltalk import mixture
from smoltalk.mixture.here import look
from smoltalk.mixture.mistakes import mistakes
from smoltalk.mixture.source import Mix, MixSource
from tests.mixture.small_runs import run, turns

ROOT = str(Path(mixture.__file__).parents[2])
ROWS = [{"id": f"{i:016x}", "messages": turns("hi", f"hello {i}"), "kind": "x"} for i in range(5)]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(makes: str = "sft", rows: int | None = None, **sources: dict[str, Any]) -> list[str]:
    mix = Mix.model_validate({"rows": rows, "sources": sources})
    return [f"{'.'.join(one.key)}: {one.sentence} | {one.hint}" for one in mistakes(mix, makes)]


def test_a_finished_run_is_taken_with_its_licence() -> None:
    run(Path("runs/one"), ROWS, name="one", licence="mit")
    assert said(one={"run": "runs/one"}) == []
    here = look(MixSource(run="runs/one"))
    assert (here.rows, here.licence, here.makes) == (5, "mit", "sft")
    assert look(MixSource(run="runs/one", licence="cc0-1.0")).licence == "cc0-1.0", "what the mixture says counts"


def test_what_a_run_was_set_to_counts_for_its_licence() -> None:
    run(Path("runs/one"), ROWS, settings={"licence": "odc-by"}, licence="mit")
    assert look(MixSource(run="runs/one")).licence == "odc-by"


@pytest.mark.parametrize("state", ["running", "interrupted", "new"])
def test_a_run_with_open_books_is_refused(state: str) -> None:
    run(Path("runs/one"), ROWS, state)
    (told,) = said(one={"run": "runs/one"})
    assert "the run in `runs/one` is not finished" in told and "smoltalk run runs/one" in told


def test_a_run_that_stopped_short_has_closed_books() -> None:
    run(Path("runs/one"), ROWS, "stopped")
    assert said(one={"run": "runs/one"}) == []


def test_a_run_without_rows_or_with_a_damaged_ledger_is_refused() -> None:
    run(Path("runs/none"), [])
    assert "no accepted rows" in said(one={"run": "runs/none"})[0]
    (run(Path("runs/bad"), ROWS) / "run.db").write_bytes(b"no database" * 100)
    assert "run.db` cannot be read" in said(one={"run": "runs/bad"})[0]


def test_the_nearest_run_is_named() -> None:
    run(Path("runs/quickstart"), ROWS)
    assert "did you mean `runs/quickstart`?" in said(one={"run": "runs/quikstart"})[0]


def test_a_run_of_pairs_does_not_go_into_conversations() -> None:
    pair = {"prompt": turns("hi"), "chosen": turns("", "a")[1:], "rejected": turns("", "b")[1:]}
    run(Path("runs/pairs"), [pair], makes="dpo")
    assert "is a run that `makes: dpo`, and the mixture `makes: sft`" in said(one={"run": "runs/pairs"})[0]
    assert said("dpo", one={"run": "runs/pairs"}) == []


def test_more_rows_than_there_are_is_told_before_anything_starts() -> None:
    run(Path("runs/one"), ROWS)
    (told,) = said(one={"run": "runs/one", "count": 12})
    assert "12 rows are asked of it, and it has 5" in told and "`repeat: 3`" in told
    assert said(one={"run": "runs/one", "count": 12, "repeat": 3}) == []
    (told,) = said(rows=20, one={"run": "runs/one", "share": 1.0, "repeat": 2})
    assert told.startswith("sources.one.share") and "it has 5, each up to 2 times" in told


def test_columns_that_a_run_does_not_have_get_the_nearest_name() -> None:
    run(Path("runs/one"), ROWS)
    told = said(one={"run": "runs/one", "where": {"knd": "x"}, "columns": {"topic": "kinds"}})
    assert [one.partition(" | ")[2] for one in told] == ["did you mean `kind`?"] * 2


def test_the_same_data_under_two_spellings_is_seen() -> None:
    run(Path("runs/one"), ROWS)
    assert any("are the same data" in one for one in said(a={"run": "runs/one"}, b={"run": "./runs/one/"}))
    assert said(a={"run": "runs/one", "where": {"kind": "x"}}, b={"run": "runs/one", "where": {"kind": "y"}}) == []


def test_a_file_whose_first_lines_are_no_rows_is_left_to_the_run() -> None:
    Path("odd.jsonl").write_bytes(b"\xff\xfa\n{cut")
    assert said(one={"files": "odd.jsonl"}) == []


def test_a_damaged_parquet_file_is_left_to_the_run() -> None:
    Path("odd.parquet").write_bytes(b"PAR1 and nothing more")
    assert said(one={"files": "odd.parquet"}) == []


def test_a_source_that_is_a_file_is_no_dataset_of_the_hub() -> None:
    Path("data").mkdir()
    Path("data/rows.jsonl").write_text("{}\n")
    (told,) = said(one={"hub": "data/rows.jsonl"})
    assert "is no dataset on the Hub" in told and "`files: data/rows.jsonl`" in told


@pytest.mark.parametrize("place", ["x\0y.jsonl", "a" * 5000])
def test_names_that_no_file_can_have_are_told(place: str) -> None:
    assert len(said(one={"files": place})) == 1
    assert len(said(one={"run": place})) == 1


def test_pairs_need_a_prompt_only_where_an_answer_is_a_single_text() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    whole = {"chosen": turns("hi", "good"), "rejected": turns("hi", "bad")}
    single = {"chosen": "good", "rejected": turns("hi", "bad")}
    for name, row in (("whole", whole), ("single", single)):
        Path(f"{name}.jsonl").write_text(orjson.dumps(row).decode() + "\n")
        pq.write_table(pa.Table.from_pylist([row]), f"{name}.parquet")
    assert said("dpo", a={"files": "whole.jsonl"}, b={"files": "whole.parquet"}) == []
    assert said("dpo", a={"files": ["whole.jsonl", "whole.parquet"]}) == []
    for files in ("single.jsonl", "single.parquet", ["whole.jsonl", "single.jsonl"]):
        (told,) = said("dpo", a={"files": files})
        assert told.startswith("sources.a: source `a`: has no column `prompt`")
    Path("odd.jsonl").write_text('{"good": [], "bad": []}\n')
    nothing = said("dpo", a={"files": "odd.jsonl", "columns": {"chosen": "good", "rejected": "bad"}})
    assert nothing == [], "no turn in the first rows: the run tells of each"


def test_lists_of_names_are_told_as_lists() -> None:
    Path("odd.jsonl").write_text('{"text": "x"}\n')
    (told,) = said("dpo", a={"files": "odd.jsonl"})
    assert "has no columns `prompt`, `chosen` and `rejected`" in told
    (told,) = said("dpo", a={"files": "odd.jsonl", "columns": {"user": "text"}})
    assert "name `prompt`, `chosen` and `rejected`" in told


def test_a_source_without_any_row_is_told() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    Path("empty.jsonl").touch()
    Path("blank.jsonl").write_text("\n  \n\n")
    pq.write_table(pa.table({"messages": pa.array([], pa.string())}), "none.parquet")
    for files in ("empty.jsonl", "blank.jsonl", "none.parquet", ["empty.jsonl", "none.parquet"]):
        (told,) = said(rows=4, a={"files": files, "share": 1})
        assert told.startswith("sources.a.files: source `a`: holds no rows | ")
    Path("row.jsonl").write_text('\n{"messages": []}\n')
    assert said(a={"files": ["empty.jsonl", "row.jsonl"]}) == []


def test_looking_at_sources_loads_no_compiler() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"messages": ["x"]}), "a.parquet")
    program = (
        "import sys; from smoltalk.mixture.here import look; from smoltalk.mixture.source import MixSource; "
        "print(look(MixSource(files='a.parquet')).texts, 'numba' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=dict(os.environ, PYTHONPATH=ROOT)
    )
    assert done.stdout == "frozenset({'messages'}) False\n", done.stderr
