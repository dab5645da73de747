"""Turn a text of each row into a vector, for gates that compare meanings."""

from typing import Any, ClassVar

from smoltalk.asking_step import AsksOne
from smoltalk.contracts import Ask
from smoltalk.errors import RowFailed
from smoltalk.rows import Row


class Embed(AsksOne):
    """Embeds what column `of` says; the dot product of two such vectors is their cosine."""

    engine_kind: ClassVar[str] = "embeds"

    of: str = "instruction"
    """A column of text; of a conversation all that is said as one text, as `smoltalk dedup` compares it."""
    column: str = "embedding"

    def reads(self) -> frozenset[str]:
        return frozenset({self.of})

    def writes(self) -> frozenset[str]:
        return frozenset({self.column})

    def identity(self) -> dict[str, Any]:
        """Its name here counts too."""
        return self.model_dump(mode="json")

    async def write(self, row: Row, ask: Ask) -> Row:
        from smoltalk.decontamination.columns import said_by

        text = said_by(row.get(self.of))
        if not text.strip():
            raise RowFailed("missing", f"column `{self.of}` holds no text to embed")
        return {self.column: await ask.embed(self.engine, text)}
