"""The gate that keeps the first of rows that say the same."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from smoltalk.contracts import Judge, Verdict
from smoltalk.duplicates.first_stays import FirstJudge, FirstStays
from smoltalk.rows import Row
from smoltalk.text import written
from smoltalk.words import texts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smoltalk.duplicates.exact import ExactIndex
    from smoltalk.duplicates.names import Names
    from smoltalk.duplicates.others import Told


class ExactDuplicate(FirstStays):
    """Rejects a row whose text equals an earlier row's but for case, white space and Unicode form (NFKC).

    As in the exact-match stage of Lee et al. 2022 (Deduplicating Training Data Makes Language Models Better), over
    rows. It remembers a 16-byte digest and the id of every kept row: about 50 bytes each.
    """

    on: str
    """The column; of a conversation all that is said, turn by turn, with reasoning and the arguments of calls."""

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        from smoltalk.duplicates.exact import ExactIndex

        index = ExactIndex()

        def add(told: "Told") -> "NDArray[Any]":
            from smoltalk.duplicates.others import chosen, texts_of_rows

            return index.add(texts_of_rows(told.batch, chosen(told.batch.schema, [self.on], told.origin))).earlier

        return _Judge(self.on, self.named(add), index)


class _Judge(FirstJudge):
    def __init__(self, on: str, names: "Names", index: "ExactIndex") -> None:
        super().__init__(on, names)
        self._index = index

    def compared(self, value: Any, name: str) -> Verdict:
        """Reject with `duplicate`."""
        from smoltalk.decontamination.columns import spoken

        found = self._index.add(texts_of([list(spoken(value)) or [written(value)]]))
        return self.told(int(found.earlier[0]), name, "duplicate")
