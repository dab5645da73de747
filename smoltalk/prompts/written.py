"""A line of jinja2 that stands in the pipeline itself: columns in, text out."""

from jinja2 import TemplateSyntaxError, meta

from smoltalk.errors import RowFailed
from smoltalk.prompts.template import _JINJA, _fill
from smoltalk.rows import Row
from smoltalk.text import neutralise


class Written:
    """One text with `{{ column }}` in it, compiled. Raises `ValueError` for what is no jinja2."""

    def __init__(self, text: str) -> None:
        try:
            tree = _JINJA.parse(text)
            self._compiled = _JINJA.from_string(text)
        except TemplateSyntaxError as error:
            raise ValueError(f"line {error.lineno} is not jinja2: {error.message}") from None
        self.variables = frozenset(meta.find_undeclared_variables(tree)) - set(_JINJA.globals)

    def fill(self, row: Row) -> str:
        """The text about this row, without control tokens. Raises `RowFailed` (`template`)."""
        try:
            return neutralise(_fill(self._compiled, row).strip())
        except Exception as error:  # the user's program: whatever it raises is this row's failure
            raise RowFailed("template", f"{type(error).__name__}: {error}"[:500]) from error
