"""Engines over time: shares and speeds out of the sums that a run writes down."""

import sqlite3
from pathlib import Path

import pytest

from smoltalk.reporting.gather import gather
from smoltalk.reporting.machines import moments
from smoltalk.run.database import SCHEMA
from smoltalk.run.folder import RunFolder
from smoltalk.run.session import go
from tests.run.pipelines import loaded

PIPELINE = """
name: timed
engines: {one: {tests.run.scripted.Scripted: {max_in_flight: 4}}}
target: {accepted: 20}
steps:
  - magpie: {engine: one}
  - ask: {engine: one, template: rate_quality}
"""


@pytest.fixture
def books() -> sqlite3.Connection:
    """An empty run.db."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    return connection


def test_shares_are_of_the_time_since_the_moment_before(books: sqlite3.Connection) -> None:
    lines = [
        (2, "a", 10, 100, 4, 1.0, 0.5, 0.25, ""),
        (6, "a", 30, 500, 3, 1.0, 4.5, 0.25, "b"),
        (6, "b", 40, 0, 0, 0, 0, 0, ""),
    ]
    books.executemany("INSERT INTO moments VALUES (?,?,?,?,?,?,?,?,?)", lines)
    first, second, reads = moments(books)
    assert (first.full, first.part, first.empty, first.tokens_per_second) == (0.5, 0.25, 0.125, 50)
    assert (second.full, second.part, second.empty, second.tokens_per_second) == (0, 1, 0, 100)
    assert (second.waiting, second.in_flight) == ("b", 3)
    assert reads.tokens_per_second == pytest.approx(40 / 6), "what writes nothing is told by what it reads"


def test_shares_never_exceed_the_whole(books: sqlite3.Connection) -> None:
    books.execute("INSERT INTO moments VALUES (1, 'a', 1, 1, 1, 1.5, 0.5, 0, '')")
    (one,) = moments(books)
    assert (one.full, one.part) == (0.75, 0.25)


def test_a_run_of_an_older_version_has_none() -> None:
    assert moments(sqlite3.connect(":memory:")) == []


def test_a_run_tells_what_its_engine_did(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    go(loaded(tmp_path, PIPELINE), folder, opened=lambda _: None, watch=lambda _: None)
    found = gather(folder)
    (engine,) = found.engines
    assert (engine.name, engine.requests) == ("one", sum(one.n for one in engine.steps))
    assert {one.label for one in engine.steps} == {"magpie", "ask_rate_quality"}
    assert [one.label for one in engine.replies] == ["ok"]
    assert {(one.step, one.engine) for one in found.steps} == {("magpie", "one"), ("ask_rate_quality", "one")}
    assert sum(one.replies for one in found.steps) == engine.requests
    assert [one.engine for one in found.moments] == ["one"] * len(found.moments) and found.moments
    assert found.overview.tokens_out == engine.tokens_out == found.moments[-1].tokens_out
