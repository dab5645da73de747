"""One `name: {fields}` of the file as the part it means, or a guess at it when something is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from smoltalk import catalog
from smoltalk.document import Document, Key
from smoltalk.errors import Problem, UserError
from smoltalk.fields import fill, place, shown
from smoltalk.pipeline import guess
from smoltalk.pipeline.model import Stock
from smoltalk.pipeline.stock_memory import StockFacts, recall, remember


@dataclass(frozen=True, slots=True)
class Named:
    """What the file says at one place, and what became of it."""

    kind: str
    key: Key
    line: int
    name: str
    """The part's name in the file; "" when there is none."""
    part: Any
    """A `Part`, a `Stock`, or None when not even a guess is possible."""
    sound: bool
    """Whether the part is what the file says, not a guess."""

    @property
    def path(self) -> str:
        return ".".join(map(str, (*self.key, self.name)))


def named(kind: str, document: Document, key: Key, problems: list[Problem]) -> Named:
    """The part at `key`, a one-key mapping; adds what is wrong with it to `problems`."""
    entry: Any = document.data
    for step in key:
        entry = entry[step]
    at, line = ".".join(map(str, key)), document.line(key)
    if not isinstance(entry, dict) or len(entry) != 1:
        what = f"a mapping with {len(entry)} keys" if isinstance(entry, dict) else shown(entry)
        hint = f"write `{entry}: {{}}`" if isinstance(entry, str) and entry in catalog.names(kind) else ""
        if isinstance(entry, dict) and len(entry) > 1:
            hint = "indent the fields below the name" if next(iter(entry.values())) is None else ""
        problems.append(document.problem(key, f"{at} must be one `name: {{fields}}`, not {what}", hint))
        return Named(kind, key, line, "", None, False)
    name, fields = next(iter(entry.items()))
    key_in = (*key, name)
    facts = recall(name, fields or {}) if kind == "steps" and isinstance(fields or {}, dict) else None
    if facts:
        stock = Stock(name, fields or {}, document.line(key_in), facts.kinds, facts.columns)
        return Named(kind, key, stock.line, name, stock, True)
    try:
        cls = catalog.find(kind, name)
    except UserError as error:
        problems += place(error, document, key_in)
        return Named(kind, key, document.line(key_in), name, guess.of_name(kind, name, fields), False)
    if catalog.is_stock(cls):
        part, found = _stock(name, cls, fields, document, key_in)
    else:
        part, found = _part(cls, fields, document, key_in, name)
    problems += found
    return Named(kind, key, document.line(key_in), name, part, not found)


def _part(cls: type[Any], fields: Any, document: Document, key: Key, name: str) -> tuple[Any, list[Problem]]:
    try:
        part = fill(cls, fields, document, key, name)
    except UserError as error:
        guessed = guess.of_fields(cls, fields)
        return guessed.part, [*error.problems, *_mistakes(guessed.mistakes(), document, key, name)]
    return part, _mistakes(part.check(), document, key, name)


def _mistakes(sentences: Iterator[str], document: Document, key: Key, name: str) -> list[Problem]:
    found: list[Problem] = []
    try:
        for sentence in sentences:
            said, near, meant = sentence.rpartition("; did you mean ")  # a part's mistake is one sentence
            found.append(document.problem(key, said, f"did you mean {meant}") if near else document.problem(key, meant))
    except UserError as error:
        found += place(error, document, key)
    except (OSError, ValueError) as error:  # a path with a NUL, a name too long for the disk
        found.append(document.problem(key, f"`{name}`: {error}"))
    return found


def _stock(name: str, cls: type[Any], fields: Any, document: Document, key: Key) -> tuple[Stock | None, list[Problem]]:
    if fields is None:
        fields = {}
    if not isinstance(fields, dict):
        return None, [document.problem(key, f"`{name}` takes fields, not {shown(fields)}", f"write `{name}: {{...}}`")]
    stock = Stock(name, fields, document.line(key), tuple(c.__name__ for c in cls.__mro__))
    try:
        with catalog.quietly():
            from smoltalk.distil.stock import stock_columns  # two seconds, and only for who names a stock step

            columns = stock_columns(cls, fields)
        remember(name, fields, StockFacts(columns, stock.kinds))
        return replace(stock, columns=columns), []
    except Exception as error:  # a stranger's class refuses its fields in its own words
        said = " ".join(str(error).split())[:200]
        return stock, [document.problem(key, f"`{name}` refuses its fields: {said}")]


def told(part: Named, what: str, document: Document) -> frozenset[str] | list[Problem]:
    """What the part says it `reads`, `writes` or asks (`engines`); problems instead when it cannot tell."""
    if part.part is None:
        return frozenset()
    key = (*part.key, part.name)
    try:
        return frozenset(getattr(part.part, what)())
    except UserError as error:
        return place(error, document, key) if part.sound else []
    except (OSError, ValueError) as error:
        return [document.problem(key, f"`{part.name}`: {error}")] if part.sound else []


def at(document: Document, part: Named, sentence: str, hint: str = "") -> Problem:
    """A problem at the line of a part."""
    return Problem(document.path, part.line, sentence, hint)
