"""The gate that keeps the first of rows that say nearly the same."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.duplicates import missing, state
from smoltalk.rows import Row
from smoltalk.words import texts_of

if TYPE_CHECKING:
    from smoltalk.duplicates.names import Names
    from smoltalk.duplicates.near import NearIndex


class NearDuplicate(Gate):
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
    """The column; of a conversation all that is said as one text, with reasoning and the arguments of calls."""
    threshold: float = Field(default=0.7, gt=0, le=1)
    """Jaccard similarity, 0 to 1, from which two rows are the same."""
    ngram: int = Field(default=3, gt=0, le=32)
    """Words in an n-gram: fewer find more."""
    against: tuple[str, ...] = ()
    """Other datasets whose rows must not come again: files, folders, runs, or the id of one on the Hub."""

    def check(self) -> Iterator[str]:
        return missing(self.against)

    def reads(self) -> frozenset[str]:
        return frozenset({self.on})

    def identity(self) -> dict[str, Any]:
        return super().identity() | state(self.against)

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        from smoltalk.duplicates.names import Names
        from smoltalk.duplicates.near import KEEP_ALL, NearIndex

        index, names = NearIndex(self.threshold, self.ngram), Names()
        NearIndex(self.threshold, self.ngram).add(texts_of([[""]]))  # compiled now, where no engine waits for it
        if self.against:
            from smoltalk.duplicates.others import chosen, rows_of, texts_of_rows

            for batch, ids, origin in rows_of(self.against):
                texts = texts_of_rows(batch, chosen(batch.schema, [self.on], origin))
                found = index.add(texts, threshold=KEEP_ALL)
                names.extend(name for name, earlier in zip(ids, found.earlier, strict=True) if earlier == -1)
        return _Judge(self.on, index, names)


class _Judge:
    def __init__(self, on: str, index: "NearIndex", names: "Names") -> None:
        self._on, self._index, self._names = on, index, names

    def judge(self, row: Row) -> Verdict:
        """Reject with `near_duplicate`, or `missing_column`; evidence: the earlier row's id and the similarity."""
        from smoltalk.decontamination.columns import spoken

        value = row.get(self._on)
        if value is None:
            return Verdict(False, "missing_column", {"column": self._on})
        found = self._index.add(texts_of([list(spoken(value))]))
        earlier, similarity = int(found.earlier[0]), round(float(found.similarity[0]), 3)
        if earlier >= 0:
            evidence = {"column": self._on, "duplicate_of": self._names[earlier], "similarity": similarity}
            return Verdict(False, "near_duplicate", evidence)
        if earlier == -1:
            self._names.extend([str(row.get("id", ""))])
        return KEEP
