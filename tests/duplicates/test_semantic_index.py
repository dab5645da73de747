"""Semantic duplicates: nearest neighbours in blocks against the plain rule."""

import numpy as np
import pytest

from smoltalk.duplicates import semantic
from smoltalk.duplicates.near import KEEP_ALL, NO_TEXT
from smoltalk.duplicates.semantic import SemanticIndex


def vectors(rows: int, seed: int = 0) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    random = np.random.default_rng(seed)
    centres = random.normal(size=(12, 16))
    made = centres[random.integers(0, 12, rows)] + 0.35 * random.normal(size=(rows, 16))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def plain(rows: "np.ndarray[tuple[int, int], np.dtype[np.float32]]", bar: float) -> list[tuple[int, float]]:
    kept: list[int] = []
    said = []
    for row, vector in enumerate(rows):
        alike = rows[kept] @ vector if kept else np.zeros(0)
        best = int(alike.argmax()) if kept else -1
        if kept and alike[best] >= bar:
            said.append((best, float(alike[best])))
        else:
            kept.append(row)
            said.append((-1, float(alike[best]) if kept[:-1] else 0.0))
    return said


def test_blocks_do_what_the_plain_rule_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic, "_BLOCK", 7)
    monkeypatch.setattr(semantic, "_CHUNK", 5)
    rows = vectors(200)
    found = SemanticIndex(0.9).add(rows)
    expected = plain(rows, 0.9)
    assert found.earlier.tolist() == [earlier for earlier, _ in expected]
    assert found.similarity == pytest.approx([max(alike, 0) for _, alike in expected], abs=1e-5)
    assert 0 < (found.earlier >= 0).sum() < 200


def test_the_head_of_a_cluster_stays_and_the_nearest_is_told() -> None:
    index = SemanticIndex(0.95)
    angles = np.radians([0, 60, 5, 70, 85])
    found = index.add(np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32))
    assert found.earlier.tolist() == [-1, -1, 0, 1, -1]
    assert found.nearest.tolist() == [-1, 0, 0, 1, 1]
    assert found.similarity[4] == pytest.approx(np.cos(np.radians(25)), abs=1e-5)


def test_zeros_are_no_text() -> None:
    index = SemanticIndex(0.5)
    found = index.add(np.array([[0, 0], [1, 0], [0, 0]], np.float32))
    assert found.earlier.tolist() == [NO_TEXT, -1, NO_TEXT]


def test_another_dataset_is_remembered_whole() -> None:
    index = SemanticIndex(0.9)
    same = np.array([[1, 0], [1, 0]], np.float32)
    assert (index.add(same, KEEP_ALL).earlier == -1).all()
    assert index.kept == 2
    assert index.add(same[:1]).earlier.tolist() == [0]


def test_vectors_of_another_length_are_refused() -> None:
    index = SemanticIndex(0.9)
    index.add(np.array([[1, 0]], np.float32))
    with pytest.raises(ValueError, match="3 numbers beside others of 2"):
        index.add(np.array([[1, 0, 0]], np.float32))


def test_rows_without_numbers_are_rows_without_text() -> None:
    index = SemanticIndex(0.9)
    index.add(vectors(3))
    found = index.add(np.zeros((2, 0), np.float32))
    assert found.earlier.tolist() == [NO_TEXT, NO_TEXT]
    assert index.add(vectors(3)).earlier.min() >= 0
