"""A column's value stands for another text: a style for the sentence that asks for it."""

import hashlib
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from smoltalk.contracts import Ask, Write
from smoltalk.errors import RowFailed, nearest
from smoltalk.rows import Row
from smoltalk.text import shown

Texts = Annotated[tuple[str, ...], Field(min_length=1)]


class Lookup(Write):
    """Writes into `column` what `where` says of the row's value in `of`. Asks no engine.

    Where it says several texts, a hash of the row's id and `seed` chooses: about as many rows get each, and the same
    row always gets the same one.
    """

    of: str
    """The column that is looked up; its value as text is a key of `where`."""
    column: str
    """The column that is written."""
    where: dict[str, str | Texts] = Field(min_length=1)
    """`value: text`, or `value: [text, text]`."""
    seed: int = 0
    """Other seeds choose other texts."""

    def check(self) -> Iterator[str]:
        if self.of == self.column:
            yield f"`lookup` reads and writes column `{self.of}`: give `column` another name"

    def reads(self) -> frozenset[str]:
        return frozenset({"id", self.of})

    def writes(self) -> frozenset[str]:
        return frozenset({self.column})

    def values(self) -> dict[str, frozenset[str]]:
        """All that the column can be."""
        texts = ((text,) if isinstance(text, str) else text for text in self.where.values())
        return {self.column: frozenset(one for several in texts for one in several)}

    async def write(self, row: Row, ask: Ask) -> Row:
        """Raises `RowFailed` (`not_listed`) for a value that `where` does not list."""
        value = row.get(self.of)
        found = self.where.get(value if isinstance(value, str) else "")
        if found is None:
            hint = nearest(value, self.where) if isinstance(value, str) else ""
            raise RowFailed("not_listed", f"column `{self.of}` is {shown(value)!r}, which is not in `where`; {hint}")
        texts = (found,) if isinstance(found, str) else found
        key = f"{self.seed}\0{self.column}\0{row['id']}".encode("utf-8", "backslashreplace")
        drawn = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big")
        return {self.column: texts[drawn % len(texts)]}
