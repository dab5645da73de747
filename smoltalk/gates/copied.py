"""The gate against answers that only repeat the text they were to work on."""

from typing import Any

from pydantic import Field

from smoltalk.contracts import KEEP, RowGate, Verdict
from smoltalk.only import Only, concerns
from smoltalk.rows import Row
from smoltalk.text import strings, words


class Copied(RowGate):
    """Rejects a row when more than `most` of the word n-grams of `of` stand in `source` too.

    The measure is containment (Broder 1997, On the resemblance and containment of documents) of the answer in its
    source, also known as the complement of the share of novel n-grams in work on summaries (See et al. 2017, arXiv
    1704.04368, section 6.1). A copy has 1.0, however it is cased, punctuated or cut; new words have 0. Of a text
    shorter than `ngram` words the whole is one n-gram.
    """

    of: str = "response"
    source: str = "text"
    most: float = Field(default=0.8, ge=0, lt=1)
    """The share that may be the same, 0 to 1."""
    ngram: int = Field(default=4, gt=0, le=32)
    """Words in an n-gram: longer ones let more of the source's phrases pass."""
    only: Only = Field(default_factory=dict)
    """The rows it is about, `column: value` or `column: [values]`; it keeps every other row."""

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, self.source, *self.only})

    def judge(self, row: Row) -> Verdict:
        """Reject with `copied` or `missing_column`; evidence: the share and the bound."""
        if not concerns(self.only, row):
            return KEEP
        said, source = _words(row.get(self.of)), _words(row.get(self.source))
        for column, found in ((self.of, said), (self.source, source)):
            if not found:
                return Verdict(False, "missing_column", {"column": column})
        n = min(self.ngram, len(said))
        there = set(_ngrams(source, n))
        runs = _ngrams(said, n)
        share = sum(run in there for run in runs) / len(runs)
        if share > self.most:
            return Verdict(False, "copied", {"column": self.of, "share": round(share, 3), "most": self.most})
        return KEEP


def _words(value: Any) -> list[str]:
    return [word for text in strings(value) for word in words(text)]


def _ngrams(found: list[str], n: int) -> list[tuple[str, ...]]:
    return list(zip(*(found[i:] for i in range(n)), strict=False))
