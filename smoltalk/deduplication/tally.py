"""What was counted, of one part and of all of them, and the biggest clusters."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from smoltalk.decontamination.tally import TOLD


class Tally(BaseModel):
    """`rows = kept + duplicates + unreadable`."""

    model_config = ConfigDict(extra="forbid")

    rows: int = 0
    kept: int = 0
    duplicates: int = 0
    of_others: int = 0
    """Duplicates of rows of another dataset, among `duplicates`."""
    unreadable: int = 0
    """Lines that are no rows, or of other types than the rest."""
    told: list[str] = Field(default_factory=list)
    """The first few of them: where, and why."""
    without_text: int = 0
    """Rows with nothing to compare; they are kept."""
    broken_text: int = 0
    """Rows with lone surrogates, which became U+FFFD."""
    text_bytes: int = 0
    read_bytes: int = 0
    """Bytes of the input on disk, where they are known."""

    def add(self, other: "Tally") -> None:
        """Count another part in."""
        for name in type(self).model_fields:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        del self.told[TOLD:]


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
