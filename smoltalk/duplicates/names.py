"""Ids of kept rows, packed: a Python object for each would take more memory than all that is compared."""

from array import array
from collections.abc import Iterable


class Names:
    """Texts by number. Memory: their UTF-8 and 8 bytes each."""

    def __init__(self) -> None:
        self._text, self._ends = bytearray(), array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def extend(self, names: Iterable[str]) -> None:
        """Number further texts."""
        for name in names:
            self._text += name.encode("utf-8", "replace")
            self._ends.append(len(self._text))

    def __getitem__(self, number: int) -> str:
        return self._text[self._ends[number] : self._ends[number + 1]].decode("utf-8")
