"""The gate that keeps the first of rows that mean the same."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.duplicates import missing, state
from smoltalk.rows import Row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from smoltalk.duplicates.names import Names
    from smoltalk.duplicates.semantic import SemanticIndex


class SemanticDuplicate(Gate):
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

    def check(self) -> Iterator[str]:
        return missing(self.against)

    def reads(self) -> frozenset[str]:
        return frozenset({self.on})

    def identity(self) -> dict[str, Any]:
        return super().identity() | state(self.against)

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        from smoltalk.duplicates.names import Names
        from smoltalk.duplicates.near import KEEP_ALL
        from smoltalk.duplicates.semantic import SemanticIndex

        index, names = SemanticIndex(self.threshold), Names()
        if self.against:
            from smoltalk.duplicates.others import chosen, no_vectors, rows_of, vectors_of

            for batch, ids, origin in rows_of(self.against):
                chosen(batch.schema, [self.on], origin)
                vectors = vectors_of(batch, self.on)
                if vectors is None:
                    raise no_vectors(self.on, origin)
                found = index.add(vectors, threshold=KEEP_ALL)
                names.extend(name for name, earlier in zip(ids, found.earlier, strict=True) if earlier == -1)
        return _Judge(self.on, index, names)


class _Judge:
    def __init__(self, on: str, index: "SemanticIndex", names: "Names") -> None:
        self._on, self._index, self._names = on, index, names

    def judge(self, row: Row) -> Verdict:
        """Reject with `semantic_duplicate`, `missing_column` or `no_vector`; evidence: the nearest row and the cosine.

        The evidence of a kept row says the same of its nearest neighbour.
        """
        value = row.get(self._on)
        if value is None:
            return Verdict(False, "missing_column", {"column": self._on})
        vector = _vector(value)
        if vector is None or (self._index.kept and vector.shape[1] != self._index.dimensions):
            return Verdict(False, "no_vector", {"column": self._on})
        found = self._index.add(vector)
        earlier, similarity = int(found.earlier[0]), round(float(found.similarity[0]), 4)
        if earlier >= 0:
            evidence = {"column": self._on, "duplicate_of": self._names[earlier], "similarity": similarity}
            return Verdict(False, "semantic_duplicate", evidence)
        if earlier == -1:
            self._names.extend([str(row.get("id", ""))])
        nearest = int(found.nearest[0])
        if nearest < 0:
            return KEEP
        return Verdict(True, "", {"nearest": self._names[nearest], "similarity": similarity})


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
