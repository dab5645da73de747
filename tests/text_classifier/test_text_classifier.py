"""The small classifier: tells planted good texts from bad ones, survives its files, and refuses what is no lesson."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from smoltalk.errors import RowFailed, UserError, WorldError
from smoltalk.steps.classify import Classify
from smoltalk.text_classifier import TextClassifier
from smoltalk.text_classifier.agreement import agreement
from smoltalk.text_classifier.training import LEAST, Lesson, train

GOOD = "water heat because pressure step measure degree example why energy grows slowly line angle"
BAD = "click sale subscribe cookies login free share cart now login win menu shop trending"
BOTH = "the a of and to in is on with for this that it from page day people time year"


def planted(count: int, seed: int = 0) -> tuple[list[str], list[float]]:
    """Texts of everyday words, with more of the good or of the bad ones the higher or lower their label."""
    drawn = random.Random(seed)
    labels = [float(n % 6) for n in range(count)]
    texts = []
    for label in labels:
        told = [drawn.choice((GOOD if drawn.random() < label / 5 else BAD).split()) for _ in range(12)]
        said = told + [drawn.choice(BOTH.split()) for _ in range(30)]
        drawn.shuffle(said)
        texts.append(" ".join(said))
    return texts, labels


@pytest.fixture(scope="module")
def trained() -> TextClassifier:
    texts, labels = planted(180)
    return train(Lesson(texts, labels, "score", "text", bits=12))


def test_planted_texts_are_told_apart_unseen(trained: TextClassifier) -> None:
    texts, labels = planted(60, seed=1)
    scores = trained.scores(texts)
    figures = agreement(labels, scores, 2.5)
    assert figures["f1"] > 0.85 and figures["pearson"] > 0.8, figures
    assert trained.about.agreement["f1"] > 0.8 > trained.about.agreement["f1_of_all"]
    assert (trained.about.low, trained.about.high, trained.about.cut, trained.about.rows) == (0, 5, 2.5, 180)


def test_agreement_is_that_of_rows_it_had_not_seen() -> None:
    """Labels by chance are learnt by heart from texts, and say nothing of others."""
    texts, labels = planted(150)
    drawn = random.Random(3)
    shuffled = drawn.sample(labels, len(labels))
    taught = train(Lesson(texts, shuffled, "score", "text", bits=12))
    assert abs(taught.about.agreement["pearson"]) < 0.3
    assert agreement(shuffled, taught.scores(texts), 2.5)["pearson"] > 0.6


def test_saved_and_loaded_it_scores_the_same(trained: TextClassifier, tmp_path: Path) -> None:
    trained.save(tmp_path / "made")
    loaded = TextClassifier.load(tmp_path / "made")
    texts = [*planted(12, seed=2)[0], "", "!?", "Straße 漢字 ok"]
    assert loaded.scores(texts) == trained.scores(texts)
    assert loaded.about == trained.about
    again = train(Lesson(*planted(180), "score", "text", bits=12))
    assert again.scores(texts) == pytest.approx(trained.scores(texts), abs=1e-9)


def test_scores_stay_on_the_teachers_scale(trained: TextClassifier) -> None:
    assert all(0 <= score <= 5 for score in trained.scores([GOOD * 9, BAD * 9, "", "unheard-of words only"]))


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([1.0, 5.0] * (LEAST // 2 - 1), "too few"),
        ([3.0] * 40, "100% of the labels are 3"),
        ([3.0] * 97 + [5.0] * 3, "97% of the labels are 3"),
        ([1.0] * 30 + [2.0] * 6 + [5.0] * 2, "2 of 38 labels are 3 or more"),
    ],
)
def test_labels_that_teach_nothing_are_refused(labels: list[float], said: str) -> None:
    texts = [f"text number {n}" for n in range(len(labels))]
    with pytest.raises(UserError, match=said):
        train(Lesson(texts, labels, "score", "text"))


def test_hostile_files_are_refused(trained: TextClassifier, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    with pytest.raises(WorldError, match=r"classifier\.json"):
        TextClassifier.load(folder)
    trained.save(folder)
    about, weights = (folder / "classifier.json").read_text(), (folder / "weights.npz").read_bytes()
    for edited, said in [
        (about.replace('"bits": 12', '"bits": 60'), "bits"),
        (about.replace('"bits": 12', '"bits": 13'), "8,192 finite weights"),
        (about.replace('"features": "', '"features": "9'), "features 9"),
        ("{", "is no classifier's"),
        (json.dumps({**json.loads(about), "run": "rm"}), "run"),
    ]:
        (folder / "classifier.json").write_text(edited)
        with pytest.raises(WorldError, match=said):
            TextClassifier.load(folder)
    (folder / "classifier.json").write_text(about)
    for content in (b"", b"PK\x03\x04nonsense", weights[: len(weights) // 2]):
        (folder / "weights.npz").write_bytes(content)
        with pytest.raises(WorldError, match="is no classifier's"):
            TextClassifier.load(folder)
    np.savez(folder / "weights.npz", rarity=np.array([print], dtype=object), weights=trained.weights, bias=0.0)
    with pytest.raises(WorldError, match="is no classifier's"):
        TextClassifier.load(folder)
    np.savez_compressed(folder / "weights.npz", rarity=np.zeros(10**7, np.float32), weights=trained.weights, bias=0.0)
    with pytest.raises(WorldError, match="too large"):
        TextClassifier.load(folder)
    np.savez(folder / "weights.npz", rarity=trained.rarity * np.float32(np.nan), weights=trained.weights, bias=0.0)
    with pytest.raises(WorldError, match="finite weights"):
        TextClassifier.load(folder)


def test_figures_of_agreement() -> None:
    figures = agreement([0, 1, 4, 5], [1, 3, 3, 4], 3)
    assert figures == {
        "best_cut": 3, "best_f1": 0.8,
        "f1": 0.8, "f1_of_all": pytest.approx(2 / 3), "precision": pytest.approx(2 / 3), "recall": 1.0,
        "accuracy": 0.75, "pearson": pytest.approx(0.8346, abs=1e-4), "spearman": pytest.approx(0.9487, abs=1e-4),
        "error": 1.25,
    }  # fmt: skip
    assert agreement([1, 2], [3, 3], 2)["pearson"] == 0.0
    shrunk = agreement([0, 1, 4, 5], [2.0, 2.2, 2.3, 2.4], 3)
    assert (shrunk["f1"], shrunk["best_f1"], shrunk["best_cut"]) == (0.0, 1.0, 2.3)


def test_the_step_scores_rows_and_fails_one_without_text(trained: TextClassifier, tmp_path: Path) -> None:
    trained.save(tmp_path)
    step = Classify(model=str(tmp_path))
    assert (list(step.check()), step.reads(), step.writes()) == ([], {"text"}, {"score"})
    good, bad = step.write_batch([{"text": GOOD}, {"text": BAD}])
    assert good["score"] > 4 and bad["score"] < 1
    turns = [{"role": "user", "content": GOOD[:40]}, {"role": "assistant", "content": GOOD[40:]}]
    assert Classify(model=str(tmp_path), of="messages").write_batch([{"messages": turns}])[0]["score"] > 3
    with pytest.raises(RowFailed, match="missing"):
        step.write_batch([{"text": GOOD}, {"text": " "}])


def test_another_classifier_makes_other_scores_of_the_same_name_void(trained: TextClassifier, tmp_path: Path) -> None:
    trained.save(tmp_path)
    before = Classify(model=str(tmp_path)).identity()
    train(Lesson(*planted(60), "score", "text", bits=12)).save(tmp_path)
    assert Classify(model=str(tmp_path)).identity() != before
    assert "no classifier" in next(Classify(model=str(tmp_path / "none")).check())
