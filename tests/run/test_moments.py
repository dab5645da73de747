"""How engines stood over time: sums that only grow, a line a second, and never too many of them."""

import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from smoltalk.run import database, moments
from smoltalk.run.ledger import Books
from smoltalk.run.moments import MOST, Moments

SPENT = {"full": 1.5, "part": 0.25, "empty": 0.25}


def desk(name: str, in_flight: int = 1, tokens: int = 0) -> Any:
    """An engine's counter."""
    return SimpleNamespace(
        name=name, in_flight=in_flight, tokens_in=tokens, tokens_out=2 * tokens, engine=SimpleNamespace(max_in_flight=4)
    )


def desks(*each: Any) -> Any:
    """All counters of a run."""
    return SimpleNamespace(each=each, pools={})


@pytest.fixture
def connection(tmp_path: Path) -> Any:
    with closing(database.connect(tmp_path / "run.db", write=True)) as opened:
        yield opened


def lines(connection: sqlite3.Connection) -> list[Any]:
    """What is written down."""
    return connection.execute("SELECT * FROM moments ORDER BY second, engine").fetchall()


def test_a_line_a_second_for_each_engine(connection: sqlite3.Connection) -> None:
    noted = Moments(connection, Books(engines={"a": {"tokens_in": 100, "tokens_out": 7}}))
    times = {"a": SPENT, "b": SPENT}
    for seconds in (0.2, 0.9, 1.3, 1.9, 3.1):
        noted.look(seconds, desks(desk("a", 4, tokens=5), desk("b")), times, "target")
    noted.write(connection)
    found = lines(connection)
    assert [(line[0], line[1]) for line in found] == [(s, e) for s in (0, 1, 3) for e in "ab"]
    assert found[0] == (0, "a", 105, 17, 4, 1.5, 0.25, 0.25, "")
    assert found[1][-1] == "a", "rows wait for the engine that is at its limit"


def test_what_rows_wait_for_where_no_engine_is_full(connection: sqlite3.Connection) -> None:
    noted = Moments(connection, Books())
    noted.look(0.5, desks(desk("a")), {"a": SPENT}, "judging")
    noted.write(connection)
    assert lines(connection)[0][-1] == "judging"


def test_a_long_run_is_thinned(connection: sqlite3.Connection) -> None:
    noted = Moments(connection, Books())
    both = desks(desk("a"), desk("b"))
    for second in range(10_000):
        noted.look(second + 0.5, both, {"a": SPENT, "b": SPENT}, "")
        if second % 10 == 0:
            noted.write(connection)
            assert connection.execute("SELECT count(*) FROM moments").fetchone()[0] <= MOST
    noted.write(connection)
    seconds = sorted({line[0] for line in lines(connection)})
    assert len(lines(connection)) > MOST / 3
    assert {after - before for before, after in pairwise(seconds)} == {16}
    assert seconds[-1] > 9_900


def test_another_session_goes_on(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "MOST", 10)
    one = desks(desk("a"))
    first = Moments(connection, Books())
    for second in range(12):
        first.look(second, one, {"a": SPENT}, "")
    first.write(connection)
    assert [line[0] for line in lines(connection)] == [0, 2, 4, 6, 8, 10]
    second_session = Moments(connection, Books())
    for second in (11, 12, 13, 14):
        second_session.look(second, one, {"a": SPENT}, "")
    second_session.write(connection)
    assert [line[0] for line in lines(connection)] == [0, 2, 4, 6, 8, 10, 12, 14]
