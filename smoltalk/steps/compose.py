"""A new text column from other columns: no engine is asked."""

from functools import cached_property

from pydantic import Field, field_validator

from smoltalk.contracts import Ask, Write
from smoltalk.errors import RowFailed
from smoltalk.prompts.written import Written
from smoltalk.rows import Row


class Compose(Write):
    """Writes `text` into `column`, filled from the row: `text: "Write about {{ topic }} for {{ audience }}."`.

    The text is sandboxed jinja2, as templates are. A column that it names and that holds nothing fails the row.
    """

    column: str = Field(min_length=1)
    """The column that is written."""
    text: str = Field(min_length=1)
    """What is written, with `{{ column }}` where a column goes."""

    @field_validator("text")
    @classmethod
    def _is_jinja(cls, text: str) -> str:
        Written(text)
        return text

    def reads(self) -> frozenset[str]:
        return self._written.variables

    def writes(self) -> frozenset[str]:
        return frozenset({self.column})

    async def write(self, row: Row, ask: Ask) -> Row:
        """Raises `RowFailed`: `missing`, `template`, or `empty` where the text comes out empty."""
        for column in sorted(self._written.variables):
            if row.get(column) is None:
                raise RowFailed("missing", f"column `{column}` holds nothing to write")
        text = self._written.fill(row)
        if not text:
            raise RowFailed("empty", f"the text for `{self.column}` comes out empty")
        return {self.column: text}

    @cached_property
    def _written(self) -> Written:
        return Written(self.text)
