"""Columns of labels and numbers: how they are told apart, spread and ordered, and which judges say nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from smoltalk.pipeline import Pipeline, load
from smoltalk.reporting.cells import Cells
from smoltalk.reporting.judged import columns
from smoltalk.reporting.ranks import spearman
from tests.reporting.report_runs import TALK
from tests.run.published_runs import loaded

SMALL = st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 9)), min_size=10, max_size=50)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """One whose judge writes `quality`."""
    return loaded(tmp_path_factory.mktemp("judged"), text=TALK)


def cells_of(rows: list[dict[str, Any]], lengths: list[int] | None = None) -> Cells:
    """Accepted rows with these columns."""
    cells = Cells()
    for number, row in enumerate(rows):
        cells.add("accepted", row, lengths[number] if lengths else 10 + number % 7)
    return cells


@given(SMALL)
def test_spearman_is_scipys(pairs: list[tuple[int, int]]) -> None:
    one, two = (np.array(column, np.float64) for column in zip(*pairs, strict=True))
    assume(one.min() < one.max() and two.min() < two.max())
    assert spearman(one, two) == pytest.approx(float(spearmanr(one, two).statistic), abs=1e-12)


def test_spearman_of_what_never_varies() -> None:
    assert spearman(np.ones(20), np.arange(20.0)) is None
    assert spearman(np.arange(5.0), np.arange(5.0)) is None, "too few to say"


def test_texts_vectors_and_mappings_are_no_columns(pipeline: Pipeline) -> None:
    rows = [
        {"text": f"a\nb{n}", "vector": [0.1] * 8, "map": {"a": 1}, "long": "x" * 200, "word": "ab"[n % 2]}
        for n in range(60)
    ]
    labels, numbers, _ = columns(cells_of(rows), pipeline)
    assert ([one.name for one in labels], numbers) == (["word"], [])


def test_a_name_for_each_row_is_no_label(pipeline: Pipeline) -> None:
    labels, _, _ = columns(cells_of([{"name": f"row {n}"} for n in range(60)]), pipeline)
    assert labels == []


def test_a_few_scores_are_numbers_and_no_labels(pipeline: Pipeline) -> None:
    """Nine similarities, each another, are no nine values to choose from; five points of a scale are."""
    few = [{"likeness": n / 7, "stars": n % 5, "half": (n % 3) / 2} for n in range(1, 10)]
    labels, numbers, _ = columns(cells_of(few), pipeline)
    assert [one.name for one in numbers] == ["likeness"]
    assert {one.name for one in labels} == {"stars", "half"}


def test_a_number_that_no_judge_wrote_is_told_from_a_score(pipeline: Pipeline) -> None:
    few = [{"quality": n / 7, "tokens": 10 * n} for n in range(1, 30)]
    _, numbers, _ = columns(cells_of(few), pipeline)
    assert {one.name: one.judged for one in numbers} == {"quality": True, "tokens": False}


def test_a_score_that_a_step_made_of_scores_is_a_judges() -> None:
    """`choose` asks nobody, and its margin is what the reward model said."""
    few = [{"margin": n / 7, "topic_length": n * 2.5} for n in range(1, 30)]
    _, numbers, _ = columns(cells_of(few), load(Path("pipelines/preferences.yaml")))
    assert {one.name: one.judged for one in numbers} == {"margin": True, "topic_length": False}


def test_lists_are_counted_by_their_items(pipeline: Pipeline) -> None:
    labels, _, _ = columns(cells_of([{"tags": ["a", "b"]}, {"tags": ["a"]}, {"tags": []}]), pipeline)
    assert [(one.label, one.n) for one in labels[0].accepted] == [("a", 2), ("b", 1)]
    assert labels[0].missing == 1


def test_ratings_come_in_their_order(pipeline: Pipeline) -> None:
    rows = [
        {"difficulty": ("hard", "very easy", "medium")[n % 3], "stars": n % 4 + 1, "kind": "xyz"[n % 3]}
        for n in range(60)
    ]
    labels = {one.name: one for one in columns(cells_of(rows), pipeline)[0]}
    assert [one.label for one in labels["difficulty"].accepted if one.n] == ["very easy", "medium", "hard"]
    assert [one.label for one in labels["stars"].accepted] == ["1", "2", "3", "4"]
    assert not labels["kind"].ordered


def test_true_is_not_one(pipeline: Pipeline) -> None:
    labels, _, _ = columns(cells_of([{"flag": (True, 1, "1")[n % 3]} for n in range(30)]), pipeline)
    assert {one.label for one in labels[0].accepted} == {"true", "1"}


def test_more_labels_than_are_shown_stand_under_others(pipeline: Pipeline) -> None:
    labels, _, _ = columns(cells_of([{"kind": f"k{n % 60:02}"} for n in range(600)]), pipeline)
    assert (len(labels[0].accepted), labels[0].accepted[-1].label, labels[0].accepted[-1].n) == (41, "others", 200)
    assert labels[0].different == 60
    assert labels[0].entropy == pytest.approx(1)


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([{"quality": "good"}] * 60, "constant"),
        ([{"quality": "good"}] * 99 + [{"quality": "poor"}], "one_value"),
        ([{"quality": "good"}] * 94 + [{"quality": "poor"}] * 6, None),
        ([{"quality": "safe"}] * 99 + [{"quality": "unsafe"}], None),
        ([{"topic": "talk"}] * 60, None),
        ([{"quality": "good"}] * 20, None),
    ],
    ids=["always", "nearly", "not quite", "a guard", "no judge", "too few"],
)
def test_a_judge_that_tells_nothing_apart(pipeline: Pipeline, rows: list[dict[str, Any]], kind: str | None) -> None:
    assert [one.kind for one in columns(cells_of(rows), pipeline)[2]] == ([kind] if kind else [])


def test_a_judge_that_likes_length(pipeline: Pipeline) -> None:
    qualities = ("very poor", "poor", "average", "good", "excellent")
    rows = [{"quality": qualities[n // 20]} for n in range(100)]
    (found,) = columns(cells_of(rows, lengths=list(range(100))), pipeline)[2]
    assert (found.kind, found.column) == ("follows_length", "quality")
    assert found.figure > 0.9 and "longer answers are rated higher" in found.sentence


def test_scores_by_category(pipeline: Pipeline) -> None:
    rows = [{"category": "ab"[n % 2], "score": n % 2 + n / 1_000} for n in range(100)]
    _, (score,), _ = columns(cells_of(rows), pipeline)
    assert score.categorised_by == "category"
    assert [(name, rows, round(mean)) for name, rows, mean in score.by_category] == [("a", 50, 0), ("b", 50, 1)]
    assert sum(score.accepted.counts) == 100


def test_outliers_do_not_flatten_a_histogram(pipeline: Pipeline) -> None:
    rows = [{"score": n / 1_000} for n in range(1_000)] + [{"score": 1e12}]
    _, (score,), _ = columns(cells_of(rows), pipeline)
    assert score.high == 1e12
    assert sum(score.accepted.counts) == 1_001
    assert sum(n > 0 for n in score.accepted.counts) > 20


def test_infinite_and_huge_numbers(pipeline: Pipeline, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"score": n * 1.5} for n in range(40)]
    rows += [{"score": float("inf")}, {"score": float("nan")}, {"score": 10**400}, {"score": None}, {"score": True}]
    _, (score,), _ = columns(cells_of(rows), pipeline)
    assert score.values == 40
    assert np.isfinite([score.mean, score.low, score.high, *score.accepted.edges]).all()
