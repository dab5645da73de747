"""The gate that keeps the first of rows that mean the same."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from smoltalk.contracts import Judge, Verdict
from smoltalk.duplicates.first_stays import FirstJudge, FirstStays
from smoltalk.rows import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from smoltalk.duplicates.names import Names
    from smoltalk.duplicates.others import Told
    from smoltalk.duplicates.semantic import SemanticIndex


class SemanticDuplicate(FirstStays):
    """Rejects a row whose vector has a cosine of at least `threshold` with that of a row kept earlier.

    The vectors are what the step `embed` writes; how high the bar must be depends on the model. As in SemDeDup (Abbas
    et al. 2023), but the head of a cluster stays, and the neighbours are exact: each row is compared with every kept
    one. Memory: 4 to 5 bytes a dimension of each kept row; time: about 15 ms a row at 100,000 kept rows of 384
    dimensions, and in proportion (docs/deduplication.md).
    `keep: [semantic_duplicate.nearest, semantic_duplicate.similarity]` publishes how far the nearest neighbour is.
    """

    tells: ClassVar[Mapping[str, type[Any]]] = {"nearest": str, "similarity": float}

    on: str = "embedding"
    """The column of vectors."""
    threshold: float = Field(default=0.9, gt=0, le=1)
    """Cosine from which two rows are the same."""
    against: tuple[str, ...] = ()
    """Other datasets with such a column, whose rows must not come again: files, folders, runs, or one on the Hub."""

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        from smoltalk.duplicates.near import KEEP_ALL
        from smoltalk.duplicates.semantic import SemanticIndex

        index = SemanticIndex(self.threshold)

        def add(told: "Told") -> "NDArray[Any]":
            from smoltalk.duplicates.others import chosen, no_vectors, vectors_of

            chosen(told.batch.schema, [self.on], told.origin)
            vectors = vectors_of(told.batch, self.on)
            if vectors is None:
                raise no_vectors(self.on, told.origin)
            return index.add(vectors, threshold=KEEP_ALL).earlier

        return _Judge(self.on, self.named(add), index)


class _Judge(FirstJudge):
    def __init__(self, on: str, names: "Names", index: "SemanticIndex") -> None:
        super().__init__(on, names)
        self._index = index

    def compared(self, value: Any, name: str) -> Verdict:
        """Reject with `semantic_duplicate` or `no_vector`; evidence: the cosine too.

        The evidence of a kept row says the same of its nearest neighbour.
        """
        vector = _vector(value)
        if vector is None or (self._index.kept and vector.shape[1] != self._index.dimensions):
            return Verdict(False, "no_vector", {"column": self.on})
        found = self._index.add(vector)
        nearest, similarity = int(found.nearest[0]), round(float(found.similarity[0]), 4)
        verdict = self.told(int(found.earlier[0]), name, "semantic_duplicate", similarity=similarity)
        if not verdict.keep or nearest < 0:
            return verdict
        return Verdict(True, "", {"nearest": self.names[nearest], "similarity": similarity})


def _vector(value: Any) -> "NDArray[np.float32] | None":
    """As one row of length 1; None for what is no list of finite numbers."""
    import numpy as np

    try:
        vector = np.asarray(value, np.float32)
    except (TypeError, ValueError, OverflowError):
        return None
    if vector.ndim != 1 or not len(vector) or not np.isfinite(vector).all():
        return None
    length = float(np.linalg.norm(vector))
    return (vector / length if length else vector)[None]
