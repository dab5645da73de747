"""What `--against` may be given: often, with commas, and every mistake in it in words."""

import json
import re
from pathlib import Path

import pytest

from smoltalk.decontamination.items import whereabouts
from tests.decontamination.conftest import FERRY, LAMPS, PLAIN, Call, jsonl, rows


def test_repeated_options_add_up(call: Call) -> None:
    jsonl(Path("more.jsonl"), [{"id": "only", "question": "How many masts has the grey ship in the dock of Ilmen?"}])
    jsonl(Path("last.jsonl"), [{"id": "end", "question": "Who paints the grey ship in the dock of Ilmen each spring?"}])
    jsonl(Path("data.jsonl"), [{"id": "a", "text": LAMPS}, {"id": "b", "text": FERRY}, {"id": "c", "text": PLAIN}])
    assert call("data.jsonl", "--against", "more.jsonl, harbour.jsonl", against="last.jsonl").code == 0
    assert [row["id"] for row in rows("contaminated")] == ["a", "b"]


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("GSM8K", "no benchmark `GSM8K`\n    did you mean `gsm8k`?"),
        ("math-500", "no benchmark `math-500`\n    did you mean `math_500`?"),
        ("nofile", "no benchmark `nofile`\n    smoltalk benchmarks list names them all; items must be a .jsonl file"),
        ("t.parquet", "t.parquet is no benchmark\n    items must be a .jsonl file"),
        ("folder/", "folder is a folder\n    items must be a .jsonl file"),
        ("folder", "folder is no benchmark, but a folder\n    items must be a .jsonl file"),
        ("harbor.jsonl", "there is no file harbor.jsonl\n    did you mean `harbour.jsonl`?"),
        ("./data.csv", "there is no file data.csv\n    items must be a .jsonl file"),
    ],
)
def test_what_is_no_benchmark_is_told_without_the_hub(call: Call, named: str, told: str) -> None:
    Path("folder").mkdir()
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    said = call("data.jsonl", against=named)
    assert (said.code, told in said.err) == (2, True), said.err


def test_where_items_are_is_a_line_however_many_configurations_there_are() -> None:
    said = whereabouts(["bbh", "mmlu"])
    assert said["bbh"].startswith(
        "lukaemon/bbh (boolean_expressions, causal_judgement, date_understanding and 24 more), "
    )
    assert said["mmlu"].startswith("cais/mmlu (all), test at ")


def test_the_page_of_a_narrow_screen_leaves_out_what_pushes_figures_aside(call: Call) -> None:
    jsonl(Path("data.jsonl"), [{"id": "a", "text": LAMPS}])
    assert call("data.jsonl").code == 0
    page = Path("out/report.html").read_text()
    assert "@media (max-width: 44rem) { .bar, .where { display: none; }" in page
    for column in ("bar", "where"):
        assert f'<th class="{column}">' in page
        assert re.search(f'<td class="[^"]*{column}">', page)


def test_items_that_cannot_be_found_are_told(call: Call) -> None:
    items = [{"id": "a", "question": LAMPS}, {"id": "b", "question": "?!"}, {"question": "=>"}]
    jsonl(Path("exam.jsonl"), items)
    jsonl(Path("data.jsonl"), [{"text": PLAIN}])
    said = call("data.jsonl", against="exam.jsonl,harbour.jsonl")
    assert (said.code, "harbour" in said.err) == (0, False)
    assert "2 of 3 items of exam cannot be found: b, 2\n" in said.err
    told = json.loads(Path("out/summary.json").read_text())["found"]
    assert (told["exam"]["cannot_be_found"], "cannot_be_found" in told["harbour"]) == (["b", "2"], False)
