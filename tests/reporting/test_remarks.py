"""What a report puts first: each remark comes when its figure asks for it, and not before."""

import pytest

from smoltalk.reporting.figures import Count, Histogram
from smoltalk.reporting.findings import FunnelStage, Overview
from smoltalk.reporting.machinery import EngineFacts
from smoltalk.reporting.remarks import of_data, of_engines, of_run, of_texts
from smoltalk.reporting.suspicions import Duplicates
from smoltalk.reporting.variety import Languages, Pairs


def overview(**changes: object) -> Overview:
    """Of a run that went well."""
    well: dict[str, object] = {
        "name": "n", "description": "", "makes": "sft", "licence": "mit", "state": "complete", "why": "",
        "is_mixture": False, "born": 100, "accepted": 90, "rejected": 9, "failed": 1, "target": 90, "seconds": 1.0,
        "tokens_in": 0, "tokens_out": 0, "cost": 0.0, "seed": 0, "command": "", "made_with": [], "pipeline": "",
        "rows_looked_at": 90, "gathered_in": 0.0,
    }  # fmt: skip
    return Overview(**(well | changes))  # type: ignore[arg-type]


def test_a_run_that_went_well_has_none() -> None:
    assert list(of_run(overview(), [FunnelStage("length", "rejected", 100, 50, [])])) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "interrupted"}, "not closed"),
        ({"state": "stopped", "why": "max_tokens"}, "stopped with 90 rows of the 90 asked for: max_tokens"),
        ({"accepted": 0}, "No row"),
        ({"licence": ""}, "licence"),
        ({"failed": 11}, "11% of the rows failed"),
    ],
)
def test_runs(changes: dict[str, object], said: str) -> None:
    (remark,) = of_run(overview(**changes), [])
    assert said in remark.sentence


def test_a_gate_that_takes_most() -> None:
    (remark,) = of_run(overview(), [FunnelStage("length", "rejected", 100, 51, [])])
    assert remark.sentence == "`length` turned away 51% of what came to it."


def test_copies_that_are_left() -> None:
    def left(near: int) -> Duplicates:
        return Duplicates([], [], [], 1_000, 0, near, 0, 0.7, [])

    assert [one.sentence[:5] for one in of_data([], left(11), [], True)] == ["1.1% "]
    assert list(of_data([], left(10), [], True)) == []
    assert [one.section for one in of_data([], None, [], False)] == ["contamination"]


def test_pairs_and_languages() -> None:
    def pairs(longer: float, same: int = 0) -> Pairs:
        return Pairs(50, longer, 1.0, Histogram([0, 1], [50], "linear"), None, None, None, same, [])

    assert [one.level for one in of_texts(None, None, None, [], pairs(0.7, 1))] == ["warning", "alarm"]
    assert list(of_texts(None, None, None, [], pairs(0.6))) == []
    two = Languages([Count("English", 90), Count("German", 8), Count("not told", 2)], 100)
    assert [one.section for one in of_texts(None, None, two, [], None)] == ["languages"]
    assert list(of_texts(None, None, Languages([Count("English", 80), Count("not told", 20)], 100), [], None)) == []


def test_idle_engines() -> None:
    def engine(busy: float, up: float) -> EngineFacts:
        return EngineFacts("a", "", 1, 1, 1, 0.0, None, 0.0, up, 0.0, 0.0, busy, 1.0, [], [], "it waited")

    assert [one.sentence for one in of_engines([engine(0.4, 100), engine(0.6, 100), engine(0.4, 10)])] == [
        "`a`: it waited."
    ]
