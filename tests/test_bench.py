"""The benchmarks run, and what they keep has its form. Never how fast anything is."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from bench import flatness, orchestration, startup
from bench.__main__ import MEASUREMENTS, RESULTS, main
from bench.result import Result, compared, table, write


def assert_sound(results: Iterable[Result]) -> None:
    """Named apart, positive, and with the ratio that the figures give."""
    results = list(results)
    assert results
    names = [r.name for r in results]
    assert len(set(names)) == len(names)
    for r in results:
        assert r.unit and r.rival and r.value > 0 and r.rival_value > 0
        assert r.ratio == pytest.approx(r.value / r.rival_value, rel=0.02)


def test_results_in_the_repository() -> None:
    lines = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert all(line.keys() == set(Result._fields) for line in lines)
    assert_sound(Result(**line) for line in lines)


def test_table_and_file(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    results = [compared("one", 20_000.4, "rows/s", "them", 2_000.0), compared("two", 0.25, "s", "our limit", 1.0)]
    write(results, path)
    assert [Result(**line) for line in json.loads(path.read_text())] == results
    assert table(results).splitlines()[1:] == [
        "one   20,000    2,000  rows/s  10.00  them",
        "two     0.25        1  s        0.25  our limit",
    ]


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
