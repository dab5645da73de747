"""Evaluation items, whatever columns their dataset has, and files of them."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from smoltalk.errors import Problem, UserError
from smoltalk.text import valid


def _as_text(value: Any) -> Any:
    """Numbers are fine as ids, choices and answers."""
    value = _mended(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _mended(value: Any) -> Any:
    """Half characters could not be written to evidence or the report."""
    return valid(value) if isinstance(value, str) else value


Mended = Annotated[str, BeforeValidator(_mended)]
Text = Annotated[str, BeforeValidator(_as_text)]


class Item(BaseModel):
    """One evaluation question. Other fields of its record are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    question: Mended
    passage: Mended = ""
    choices: tuple[Text, ...] = ()
    answer: Text = ""
    id: Text = ""
    """What its author calls it; without one it goes by its number (`names_of`)."""

    @property
    def stem(self) -> str:
        """The passage and the question."""
        return f"{self.passage} {self.question}".strip()

    @property
    def lettered(self) -> str:
        """The stem and the choices behind their letters, as a test prints them."""
        return " ".join([self.stem, *(f"{chr(65 + i % 26)} {choice}" for i, choice in enumerate(self.choices))])


def names_of(items: Sequence[Item]) -> list[str]:
    """What each item is called: its id, or its number from 0; one whose name is taken has its number after it."""
    taken: set[str] = set()
    found: list[str] = []
    for number, item in enumerate(items):
        name = item.id or str(number)
        while name in taken:
            name += f"#{number}"
        taken.add(name)
        found.append(name)
    return found


def items_in(path: Path) -> Iterator[Item]:
    """Items of a JSONL file with `question` and, where an item has them, `id`, `passage`, `choices`, `answer`.

    Raises `UserError` that names every line which is no item, twenty at most, and for a file without any.
    """
    try:
        lines = path.read_text("utf-8-sig", errors="replace").split("\n")
    except OSError as error:
        raise UserError([Problem(str(path), 0, f"cannot be read: {(error.strerror or str(error)).lower()}")]) from None
    problems: list[Problem] = []
    items = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = _item(line)
        except ValueError as error:
            problems.append(Problem(str(path), number, f"this line is not an item: {error}"))
            if len(problems) == 20:
                break
            continue
        items += 1
        yield item
    if not (problems or items):  # nothing would be found, and that would look like a clean dataset
        problems.append(Problem(str(path), 0, "holds no items", 'an item is a line `{"question": ...}`'))
    if problems:
        raise UserError(problems)


def _item(line: str) -> Item:
    """Raises `ValueError` with the end of a sentence."""
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({error})") from None
    if not isinstance(given, dict):
        raise ValueError('an item is `{"question": ..., "choices": [...], ...}`')
    try:
        item = Item.model_validate({key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        said = _in_words(str(first["loc"][0]), first["loc"][1:], first["type"])
        raise ValueError(said + (_misspelt(given) if first["type"] == "missing" else "")) from None
    if not item.stem:
        raise ValueError("its question is empty")
    return item


def _misspelt(given: Mapping[str, Any]) -> str:
    """The field that may be meant for `question`."""
    near = difflib.get_close_matches("question", given, n=1)
    return f"; is its `{near[0]}` meant?" if near else ""


def _in_words(field: str, within: tuple[int | str, ...], kind: str) -> str:
    """What is wrong with a field, as the end of a sentence."""
    if kind == "missing":
        return f"it has no `{field}`"
    if field == "choices":
        return f"its choice {int(within[0]) + 1} is neither text nor number" if within else "its `choices` are no list"
    return f"its `{field}` is no text" + ("" if field in ("question", "passage") else ", and no number")
