"""What was counted, of one part and of all of them, and the biggest clusters."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from smoltalk.decontamination.tally import Counted


class Tally(Counted):
    """`rows = kept + duplicates + unreadable`; rows without text are kept."""

    kept: int = 0
    duplicates: int = 0
    of_others: int = 0
    """Duplicates of rows of another dataset, among `duplicates`."""


class Cluster(NamedTuple):
    """A row and those that repeat it."""

    head: str
    """Its id."""
    dataset: str
    """The other dataset that it is in; empty for the data itself."""
    repeats: int
    repeat: str
    """The id of the first row that repeats it."""
    text: str
    """How that one begins."""

    def as_json(self) -> Mapping[str, Any]:
        """For the summary."""
        return self._asdict()


class Clusters:
    """How often each row is repeated. Memory: about 400 bytes for each row that is."""

    def __init__(self) -> None:
        self._count: Counter[int] = Counter()
        self._text: dict[int, tuple[str, str]] = {}

    def see(self, head: int, repeat: str, text: str) -> None:
        """One more repeat of row `head`: the row `repeat`, which begins with `text`."""
        self._count[head] += 1
        self._text.setdefault(head, (repeat, text))

    def known(self, head: int) -> bool:
        """Whether a text was seen for it."""
        return head in self._text

    def __len__(self) -> int:
        return len(self._count)

    def biggest(self, most: int) -> list[tuple[int, int, str, str]]:
        """Head, repeats, first repeat and its text of the biggest; of equals, the earliest."""
        ranked = sorted(self._count.items(), key=lambda item: (-item[1], item[0]))[:most]
        return [(head, repeats, *self._text[head]) for head, repeats in ranked]
