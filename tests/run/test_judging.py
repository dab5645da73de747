"""The bench judges in row order: the books never depend on who finished first, and they always balance."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.contracts import KEEP, Gate, Judge, RowGate, Verdict
from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.run.journal import Fate
from smoltalk.run.judging import Bench, Landed, NamedGate
from smoltalk.run.quotas import Quotas


class Odd(RowGate):
    """Rejects odd numbers; trips over 13."""

    def reads(self) -> frozenset[str]:
        return frozenset({"n"})

    def judge(self, row: Row) -> Verdict:
        if row["n"] == 13:
            raise ZeroDivisionError("thirteen")
        return Verdict(False, "odd", {"n": row["n"]}) if row["n"] % 2 else KEEP


class AboveMedian(Gate):
    """Needs a sample, remembers what it kept."""

    def reads(self) -> frozenset[str]:
        return frozenset({"n"})

    def calibrates_on(self) -> int:
        return 5

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        cut = sorted(row["n"] for row in sample)[len(sample) // 2] if sample else 0
        seen: set[int] = set()

        class Open:
            def judge(self, row: Row) -> Verdict:
                if row["n"] in seen:
                    return Verdict(False, "again")
                seen.add(row["n"])
                return KEEP if row["n"] >= cut else Verdict(False, "low", {"cut": cut})

        return Open()


GATES = [NamedGate("odd", Odd()), NamedGate("above", AboveMedian())]


def judged(rows: list[tuple[int, bool]], order: Sequence[int], target: int | None, most: int | None) -> list[Fate]:
    """Fates of rows that land in the given order; (number, failed) each."""
    fates: list[Fate] = []
    released: list[str] = []
    bench = Bench(GATES, Quotas(target, None), fates.append, released.append, most)
    for index in order:
        n, failed = rows[index]
        row = {"id": f"r{index}", "n": n}
        bench.land(index, Landed(row, RowFailed("empty") if failed else None))
    bench.finish()
    assert len(released) == len(rows) == len(fates) + bench.surplus, "every row leaves the bench once"
    return fates


ROWS = st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=40)


@given(ROWS, st.randoms(use_true_random=False), st.none() | st.integers(1, 10), st.none() | st.integers(1, 20))
def test_the_order_of_arrival_changes_nothing(rows, random, target, most) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(range(len(rows)))
    random.shuffle(shuffled)
    assert judged(rows, shuffled, target, most) == judged(rows, range(len(rows)), target, most)


@given(ROWS, st.none() | st.integers(1, 10), st.none() | st.integers(1, 20))
def test_the_books_balance(rows, target, most) -> None:  # type: ignore[no-untyped-def]
    fates = judged(rows, range(len(rows)), target, most)
    count = Counter(fate.fate for fate in fates)
    assert count["accepted"] + count["rejected"] + count["failed"] == len(fates)
    assert len({fate.row for fate in fates}) == len(fates), "a row ends in exactly one place"
    assert target is None or count["accepted"] <= target
    assert most is None or len(fates) <= most
    assert all(fate.reason for fate in fates if fate.fate != "accepted"), "every dropped row is explained"


def test_a_gate_that_trips_fails_the_row_only() -> None:
    fates = judged([(13, False), (20, False)], [0, 1], None, None)
    assert [(f.fate, f.gate, f.reason) for f in fates] == [("failed", "odd", "gate_error"), ("accepted", "", "")]
    assert "thirteen" in fates[0].evidence


class Damaged(RowGate):
    """Cannot open its files."""

    def reads(self) -> frozenset[str]:
        return frozenset({"n"})

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        raise RuntimeError("its file is damaged")

    def judge(self, row: Row) -> Verdict:
        return KEEP


def test_gates_that_need_no_sample_open_before_any_row_is_paid_for() -> None:
    gates = [NamedGate("above", AboveMedian()), NamedGate("damaged", Damaged())]
    with pytest.raises(RuntimeError, match="its file is damaged"):
        Bench(gates, Quotas(None, None), print, print)
