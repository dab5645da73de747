"""The benchmarks run, and what they keep has its form. Never how fast anything is."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bench import client_cost, flatness, orchestration, startup, vllm_four_steps, vllm_sides
from bench.__main__ import MEASUREMENTS, RESULTS, main
from bench.result import Result, compared, table, write, written
from bench.vllm_sides import first_prompts


def assert_sound(results: Iterable[Result]) -> None:
    """Named apart, positive, and with the ratio that the figures give; of what is learned, within its interval."""
    results = list(results)
    assert results
    names = [r.name for r in results]
    assert len(set(names)) == len(names)
    for r in results:
        assert r.unit and r.rival
        assert r.interval is None or r.interval[0] <= r.value <= r.interval[1]
        if r.interval is not None and r.rival_value == 0:
            assert r.ratio is None
            continue
        assert r.value > 0 and r.rival_value > 0
        assert r.ratio == pytest.approx(r.value / r.rival_value, rel=0.02)


def as_result(line: dict[str, Any]) -> Result:
    """An interval is there only where it is known."""
    return Result(**{name: line.get(name) if name == "interval" else line[name] for name in Result._fields})


def test_results_in_the_repository() -> None:
    lines = written(RESULTS)
    fields = {*Result._fields, "measurement", "machine", "date", "interval"}
    assert all(line.keys() | {"interval"} == fields for line in lines)
    assert_sound(as_result(line) for line in lines)
    assert {line["measurement"] for line in lines} == MEASUREMENTS.keys()


def test_table_and_file(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    results = [compared("one", 20_000.4, "rows/s", "them", 2_000.0), compared("two", 0.25, "s", "our limit", 1.0)]
    write({"a": results}, path, ("a",))
    assert [as_result(line) for line in json.loads(path.read_text())] == results
    assert table(results).splitlines()[1:] == [
        "one   20,000    2,000  rows/s  10.00  them",
        "two     0.25        1  s        0.25  our limit",
    ]


def test_what_is_not_measured_keeps_its_results(tmp_path: Path) -> None:
    path, order = tmp_path / "results.json", ("a", "b", "c")
    one, two, three, four = (compared(name, 1.0, "s", "our limit", 2.0) for name in ("one", "two", "three", "four"))
    write({"gone": [four]}, path, ("gone",))
    write({"c": [one], "a": [two, three]}, path, order)
    assert [line["name"] for line in written(path)] == ["two", "three", "one"], "in order; none of no measurement"
    write({"a": [four], "b": [], "c": []}, path, order)
    assert [line["name"] for line in written(path)] == ["four", "one"]


def test_a_machine_without_vllm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(vllm_four_steps, "program", lambda: None)
    assert list(vllm_four_steps.results(quick=True)) == []
    assert capsys.readouterr().err.count("\n") == 1


def test_the_client_at_a_toy_size() -> None:
    assert_sound(client_cost.results(quick=True))


def test_each_step_of_a_run_alone() -> None:
    asked = [{"messages": [{"content": text}]} for text in (*first_prompts(2), "an answer", "another")]
    alone = [vllm_sides.of_steps(asked, steps, rows=2) for steps in (1, 0)]
    assert alone == [asked[:2], asked[2:]]
    assert vllm_sides.of_steps(asked, 2, rows=2) == asked


def test_the_longest_silence_is_of_one_step() -> None:
    first, _ = sorted(first_prompts(2))
    replied = [(first, 0.0), ("an answer", 1.0), ("an answer", 4.0), (first, 3.5), ("an answer", 6.0)]
    assert vllm_sides.silence(replied, rows=2, began=0.0, ended=6.0) == 3.5


def test_a_step_that_starves_is_silent_from_its_first_row_on() -> None:
    first, second = sorted(first_prompts(2))
    one_by_one = [(first, 1.0), (second, 2.0), (first, 3.0), ("an answer", 9.0), ("an answer", 10.0)]
    assert vllm_sides.silence(one_by_one, rows=2, began=0.0, ended=10.0) == 8.0, "until the other step was done"
    assert vllm_sides.silence([(first, 1.0), (first, 1.5)], rows=2, began=0.0, ended=9.0) == 8.0, "never"
    assert vllm_sides.silence([(first, 5.0), ("an answer", 5.5)], rows=2, began=0.0, ended=6.0) == 5.0, "the first"


def test_our_side_at_a_toy_size() -> None:
    assert_sound(flatness.results(quick=True))


def test_both_run_the_same_stock_steps() -> None:
    assert orchestration.once(orchestration.ours(5, stock=True)) > 0
    assert orchestration.once(orchestration.theirs(5, 5)) > 0


def test_startup_at_a_toy_size() -> None:
    assert_sound(startup.results(quick=True))


def test_an_unknown_measurement() -> None:
    with pytest.raises(SystemExit, match=f"no measurement flatnes; there are {', '.join(MEASUREMENTS)}"):
        main(["flatnes"])
