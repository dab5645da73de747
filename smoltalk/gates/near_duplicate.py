"""The gate that keeps the first of rows that say nearly the same."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from smoltalk.contracts import Judge, Verdict
from smoltalk.duplicates.first_stays import FirstJudge, FirstStays
from smoltalk.rows import Row
from smoltalk.words import texts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smoltalk.duplicates.names import Names
    from smoltalk.duplicates.near import NearIndex
    from smoltalk.duplicates.others import Told


class NearDuplicate(FirstStays):
    """Rejects a row that shares at least `threshold` of its word n-grams with a row kept earlier.

    MinHash (Broder 1997, On the resemblance and containment of documents) in one permutation estimates the Jaccard
    similarity, banded locality-sensitive hashing (Indyk and Motwani 1998) finds the candidates, and every candidate's
    estimate is checked: a standard error of at most 0.03. Case, punctuation and accents do not count, digits do. The
    ends of a text count as words, so that its first words weigh as much as those in the middle: of 15 words one may
    differ at 0.7, of fewer none. What a number stands in counts three times: sums with other numbers are other sums.
    Only kept rows are remembered, so a chain of small changes does not wear a whole family away. Memory: about 0.85 KB
    a kept row.
    """

    on: str
    """The column; of a conversation all that is said but by the system, with reasoning and the arguments of calls."""
    threshold: float = Field(default=0.7, gt=0, le=1)
    """Jaccard similarity, 0 to 1, from which two rows are the same."""
    ngram: int = Field(default=3, gt=0, le=32)
    """Words in an n-gram: fewer find more."""

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        from smoltalk.duplicates.near import KEEP_ALL, NearIndex

        index = NearIndex(self.threshold, self.ngram)
        NearIndex(self.threshold, self.ngram).add(texts_of([[""]]))  # compiled now, where no engine waits for it

        def add(told: "Told") -> "NDArray[Any]":
            from smoltalk.duplicates.others import chosen, texts_of_rows
            from smoltalk.duplicates.prompts import unprompted_batch

            columns = chosen(told.batch.schema, [self.on], told.origin)
            texts = texts_of_rows(unprompted_batch(told.batch, columns), columns)
            return index.add(texts, threshold=KEEP_ALL).earlier

        return _Judge(self.on, self.named(add), index)


class _Judge(FirstJudge):
    def __init__(self, on: str, names: "Names", index: "NearIndex") -> None:
        super().__init__(on, names)
        self._index = index

    def compared(self, value: Any, name: str) -> Verdict:
        """Reject with `near_duplicate`; evidence: the similarity too."""
        from smoltalk.decontamination.columns import spoken
        from smoltalk.duplicates.prompts import unprompted

        found = self._index.add(texts_of([list(spoken(unprompted(value)))]))
        similarity = round(float(found.similarity[0]), 3)
        return self.told(int(found.earlier[0]), name, "near_duplicate", similarity=similarity)
