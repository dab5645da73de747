"""Training: texts and a teacher's scores in, a classifier out, with its agreement on rows it had not seen."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from smoltalk.errors import Problem as Mistake
from smoltalk.errors import UserError
from smoltalk.text import normalise
from smoltalk.text_classifier.agreement import agreement
from smoltalk.text_classifier.features import features, version
from smoltalk.text_classifier.model import About, TextClassifier

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST = 24
"""Labelled texts below which nothing can be said of a classifier."""
LEAST_OF_A_SIDE = 6
MOST_OF_ONE = 0.95
"""The share of one label from which on the teacher has told nothing apart."""
_FOLDS = 5
_PENALTY = 0.1


class Lesson(NamedTuple):
    """What is to be learnt."""

    texts: Sequence[str]
    labels: Sequence[float]
    """The teacher's score of each text."""
    label: str
    of: str
    """Names of the two columns."""
    cut: float | None = None
    """From here on a text is good; by default halfway between the lowest and the highest score."""
    bits: int = 16


def train(lesson: Lesson) -> TextClassifier:
    """A ridge regression on the labels (Hoerl and Kennard 1970) over hashed words, TF-IDF weighted, of length 1.

    Its agreement is that of five classifiers, each asked about the fifth of the texts that it was not shown; texts that
    are the same but for case and space are in the same fifth. The classifier itself learns from all. Raises `UserError`
    for labels from which nothing can be learnt.
    """
    import numpy as np

    low, high = min(lesson.labels, default=0.0), max(lesson.labels, default=0.0)
    cut = (low + high) / 2 if lesson.cut is None else lesson.cut
    if mistake := degenerate(lesson.labels, cut):
        raise UserError([Mistake(f"--label {lesson.label}", 0, *mistake)])
    found = [features(text, lesson.bits) for text in lesson.texts]
    labels = np.asarray(lesson.labels, dtype=np.float64)
    folds = np.array([_fold(text) for text in lesson.texts])
    about = About(
        features=version(), bits=lesson.bits, label=lesson.label, of=lesson.of, low=low, high=high, cut=cut, rows=0
    )
    unseen = np.zeros(len(labels))
    for fold in range(_FOLDS):
        rest = folds != fold
        if rest.all() or not rest.any():
            continue
        taught = _fitted([one for one, kept in zip(found, rest, strict=True) if kept], labels[rest], about)
        for place in np.flatnonzero(~rest).tolist():
            unseen[place] = taught.score(lesson.texts[place])
    figures = {name: round(value, 4) for name, value in agreement(lesson.labels, unseen.tolist(), cut).items()}
    return _fitted(found, labels, about.model_copy(update={"rows": len(labels), "agreement": figures}))


def degenerate(labels: Sequence[float], cut: float) -> tuple[str, str] | None:
    """Why nothing can be learnt from these labels, and a hint; None where something can."""
    if len(labels) < LEAST:
        return f"{len(labels)} labelled texts are too few to learn from and to be tested on: {LEAST} at least", ""
    label, often = Counter(labels).most_common(1)[0]
    if often > MOST_OF_ONE * len(labels):
        share = f"{often / len(labels):.0%}"
        return f"{share} of the labels are {label:g}, so they tell nothing apart", "does the teacher score at all?"
    good = sum(value >= cut for value in labels)
    if not LEAST_OF_A_SIDE <= good <= len(labels) - LEAST_OF_A_SIDE:
        sentence = f"{good} of {len(labels)} labels are {cut:g} or more: {LEAST_OF_A_SIDE} are needed on each side"
        return sentence, "move --cut, or label texts of other quality"
    return None


def _fitted(
    found: "Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]]", labels: "NDArray[np.float64]", about: About
) -> TextClassifier:
    import numpy as np
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
    from sklearn.linear_model import Ridge

    size = 1 << about.bits
    seen = np.zeros(size)
    for buckets, _ in found:
        seen[buckets] += 1
    rarity = (np.log((1 + len(found)) / (1 + seen)) + 1).astype(np.float32)
    values = [counts * rarity[buckets] for buckets, counts in found]
    values = [row / max(float(np.linalg.norm(row)), 1e-12) for row in values]
    ends = np.cumsum([0, *(len(buckets) for buckets, _ in found)])
    columns = np.concatenate([buckets for buckets, _ in found])
    matrix: Any = csr_matrix((np.concatenate(values), columns, ends), shape=(len(found), size))
    ridge = Ridge(alpha=_PENALTY, solver="sparse_cg", tol=1e-4, max_iter=1_000).fit(matrix, labels)
    weights = np.asarray(ridge.coef_, dtype=np.float32)
    return TextClassifier(about, rarity, weights, float(ridge.intercept_))


def _fold(text: str) -> int:
    said = normalise(text).encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "big") % _FOLDS
