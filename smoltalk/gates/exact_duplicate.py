"""The gate that keeps the first of rows that say the same."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.duplicates import missing, state
from smoltalk.rows import Row
from smoltalk.text import written
from smoltalk.words import texts_of

if TYPE_CHECKING:
    from smoltalk.duplicates.exact import ExactIndex
    from smoltalk.duplicates.names import Names


class ExactDuplicate(Gate):
    """Rejects a row whose text equals an earlier row's but for case, white space and Unicode form (NFKC).

    As in the exact-match stage of Lee et al. 2022 (Deduplicating Training Data Makes Language Models Better), over
    rows. It remembers a 16-byte digest and the id of every kept row: about 50 bytes each.
    """

    on: str
    """The column; of a conversation all that is said, turn by turn, with reasoning and the arguments of calls."""
    against: tuple[str, ...] = ()
    """Other datasets whose rows must not come again: files, folders, runs, or the id of one on the Hub."""

    def check(self) -> Iterator[str]:
        return missing(self.against)

    def reads(self) -> frozenset[str]:
        return frozenset({self.on})

    def identity(self) -> dict[str, Any]:
        return super().identity() | state(self.against)

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        from smoltalk.duplicates.exact import ExactIndex
        from smoltalk.duplicates.names import Names

        index, names = ExactIndex(), Names()
        if self.against:
            from smoltalk.duplicates.others import chosen, rows_of, texts_of_rows

            for batch, ids, origin in rows_of(self.against):
                texts = texts_of_rows(batch, chosen(batch.schema, [self.on], origin))
                found = index.add(texts)
                names.extend(name for name, earlier in zip(ids, found.earlier, strict=True) if earlier == -1)
        return _Judge(self.on, index, names)


class _Judge:
    def __init__(self, on: str, index: "ExactIndex", names: "Names") -> None:
        self._on, self._index, self._names = on, index, names

    def judge(self, row: Row) -> Verdict:
        """Reject with `duplicate`, or `missing_column`; evidence: the id of the earlier row."""
        from smoltalk.decontamination.columns import spoken

        value = row.get(self._on)
        if value is None:
            return Verdict(False, "missing_column", {"column": self._on})
        earlier = int(self._index.add(texts_of([list(spoken(value)) or [written(value)]])).earlier[0])
        if earlier >= 0:
            return Verdict(False, "duplicate", {"column": self._on, "duplicate_of": self._names[earlier]})
        if earlier == -1:
            self._names.extend([str(row.get("id", ""))])
        return KEEP
