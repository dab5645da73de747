"""The grammar of cleaning programs: text in, calls with checked arguments out."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias, get_args

Name: TypeAlias = Literal["keep_document", "drop_document", "remove_lines", "remove_text", "replace_text"]

MOST_CALLS = 200
LONGEST_LINE = 2_000
"""Characters of one call."""
LONGEST_NEW_TEXT = 80
"""Characters that one replacement may put in: enough to mend a word, too little to write a sentence or two."""

_STRING = r'"(?:[^"\\\n]|\\.)*+"|\'(?:[^\'\\\n]|\\.)*+\''
_CALL = re.compile(rf"(?P<name>[a-z_]+)\s*\((?P<args>(?:{_STRING}|[^\"'()])*+)\)\s*;?\s*(?:#.*)?")
_ARGUMENT = re.compile(rf"\s*(?:(?P<number>\d{{1,7}})|(?P<text>{_STRING}))\s*(?P<comma>,|$)")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t"}

_NAMES: dict[str, Name] = {name: name for name in get_args(Name)}
_SHAPES: dict[Name, tuple[tuple[type, ...], ...]] = {
    "keep_document": ((),),
    "drop_document": ((),),
    "remove_lines": ((int,), (int, int)),
    "remove_text": ((int, str),),
    "replace_text": ((int, str, str),),
}
_EXAMPLES: dict[Name, str] = {
    "keep_document": "keep_document()",
    "drop_document": "drop_document()",
    "remove_lines": "remove_lines(3, 7)",
    "remove_text": 'remove_text(4, "text")',
    "replace_text": 'replace_text(4, "text", "new text")',
}


class ProgramError(ValueError):
    """What is wrong with a program, as a sentence for the model that wrote it."""


class Call(NamedTuple):
    """One line of a program, its arguments checked by kind; whether they fit a document is seen when it is applied."""

    name: Name
    first: int = 0
    """The line it is about; 0 for a call about the document."""
    last: int = 0
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        match self.name:
            case "remove_lines":
                return f"remove_lines({self.first}, {self.last})"
            case "remove_text":
                return f"remove_text({self.first}, {_quoted(self.old)})"
            case "replace_text":
                return f"replace_text({self.first}, {_quoted(self.old)}, {_quoted(self.new)})"
        return f"{self.name}()"


Program: TypeAlias = tuple[Call, ...]


def parse(text: str) -> Program:
    """The calls of a program, one a line; blank lines and `#` comments are left out, as is a fence around all.

    Raises `ProgramError` for anything else. Time is linear in the text's length.
    """
    calls: list[Call] = []
    for line in _lines(text):
        if len(calls) == MOST_CALLS:
            raise ProgramError(f"a program has {MOST_CALLS} calls at most")
        calls.append(_call(line))
    if not calls:
        raise ProgramError("the program is empty; where nothing is to be done, write keep_document()")
    alone = next((call.name for call in calls if not call.first), None)
    if alone and len(calls) > 1:
        raise ProgramError(f"{alone}() stands alone, and there are {len(calls)} calls")
    return tuple(calls)


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.strip().splitlines()]
    if lines and lines[0].startswith("```"):
        lines = lines[1:-1] if lines[-1] == "```" else lines[1:]
    return [line for line in lines if line and not line.startswith("#")]


def _call(line: str) -> Call:
    if len(line) > LONGEST_LINE:
        raise ProgramError(f"a call has {LONGEST_LINE:,} characters at most: {line[:60]!r}... is longer")
    found = _CALL.fullmatch(line)
    if not found:
        raise ProgramError(f"{_short(line)} is not one call with numbers and quoted texts")
    name = _NAMES.get(found["name"])
    if name is None:
        raise ProgramError(f"there is no {found['name'][:40]}(); there are {', '.join(_EXAMPLES.values())}")
    arguments = _arguments(found["args"], line)
    kinds = tuple(type(argument) for argument in arguments)
    if kinds not in _SHAPES[name]:
        raise ProgramError(f"{_short(line)} should look like {_EXAMPLES[name]}")
    return _checked(name, arguments, line)


def _arguments(text: str, line: str) -> list[int | str]:
    found: list[int | str] = []
    place = 0
    while text[place:].strip():
        match = _ARGUMENT.match(text, place)
        if not match or (match["comma"] and not text[match.end() :].strip()):
            raise ProgramError(f"{_short(line)} has an argument that is no number and no quoted text")
        found.append(int(match["number"]) if match["number"] else _unquoted(match["text"]))
        place = match.end()
    return found


def _checked(name: Name, arguments: Sequence[int | str], line: str) -> Call:
    numbers = [argument for argument in arguments if isinstance(argument, int)]
    texts = [argument for argument in arguments if isinstance(argument, str)]
    if 0 in numbers:
        raise ProgramError(f"{_short(line)}: lines are counted from 1")
    if len(numbers) == 2 and numbers[0] > numbers[1]:
        raise ProgramError(f"{_short(line)} ends before it begins")
    if texts and not texts[0]:
        raise ProgramError(f"{_short(line)} names an empty text")
    if any("\n" in text for text in texts):
        raise ProgramError(f"{_short(line)}: a text stands in one line")
    if len(texts) == 2 and len(texts[1]) > LONGEST_NEW_TEXT:
        raise ProgramError(f"{_short(line)} puts in more than {LONGEST_NEW_TEXT} characters")
    if len(texts) == 2 and texts[0] == texts[1]:
        raise ProgramError(f"{_short(line)} changes nothing")
    first, last = (numbers[0], numbers[-1]) if numbers else (0, 0)
    return Call(name, first, last, *texts)


def _unquoted(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), text[1:-1])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"{escaped}"'


def _short(line: str) -> str:
    return line if len(line) <= 80 else f"{line[:77]}..."
