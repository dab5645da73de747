"""What the gates of duplicates share: the first row that says a thing stays, and rows of other datasets came before."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from smoltalk.contracts import KEEP, Gate, Verdict
from smoltalk.duplicates import missing, state
from smoltalk.rows import Row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from smoltalk.duplicates.names import Names
    from smoltalk.duplicates.others import Told


class FirstStays(Gate):
    """Rejects a row that repeats one which was kept earlier, or one of the datasets `against`."""

    on: str
    """The column to compare."""
    against: tuple[str, ...] = ()
    """Other datasets whose rows must not come again: files, folders, runs, or the id of one on the Hub."""

    def check(self) -> Iterator[str]:
        return missing(self.against)

    def reads(self) -> frozenset[str]:
        return frozenset({self.on})

    def identity(self) -> dict[str, Any]:
        return super().identity() | state(self.against)

    def named(self, add: "Callable[[Told], NDArray[Any]]") -> "Names":
        """The ids of the rows of `against` that stay. `add` puts some of them into an index and says of each row which
        one it repeats, -1 for none. Raises what reading them and `add` raise."""
        from smoltalk.duplicates.names import Names

        names = Names()
        if self.against:
            from smoltalk.duplicates.others import rows_of

            for told in rows_of(self.against):
                names.extend(name for name, earlier in zip(told.ids, add(told), strict=True) if earlier == -1)
        return names


class FirstJudge(ABC):
    """One run's judge: `names` are the ids of the rows that stayed, in the order in which an index numbers them."""

    def __init__(self, on: str, names: "Names") -> None:
        self.on, self.names = on, names

    def judge(self, row: Row) -> Verdict:
        """Reject with the gate's own reason, or `missing_column`; evidence: the id of the earlier row."""
        value = row.get(self.on)
        if value is None:
            return Verdict(False, "missing_column", {"column": self.on})
        return self.compared(value, str(row.get("id", "")))

    @abstractmethod
    def compared(self, value: Any, name: str) -> Verdict:
        """The verdict on what stands in the column of the row of that id."""

    def told(self, earlier: int, name: str, reason: str, **evidence: object) -> Verdict:
        """The verdict on a row that repeats row number `earlier`; -1 makes it one that stays, less one without text."""
        if earlier >= 0:
            return Verdict(False, reason, {"column": self.on, "duplicate_of": self.names[earlier], **evidence})
        if earlier == -1:
            self.names.extend([name])
        return KEEP
