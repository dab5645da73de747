"""YAML as data with a line for every value, and every mistake of form as a sentence.

The data model is YAML 1.2's: only `true` and `false` are booleans, so `on:` is a key and `[yes, no]` are labels.
Tags and merge keys are refused; aliases may not make a file larger than it could be written out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from smoltalk.errors import Problem, UserError

Key = tuple[str | int, ...]
"""Where a value stands: `("steps", 0, "ask", "template")`."""

MAX_BYTES = 250_000
MAX_VALUES = 20_000
"""Values after aliases are expanded; a "billion laughs" file has 10^9."""
MAX_DEPTH = 40

_KINDS = {"null", "bool", "int", "float", "str", "seq", "map"}
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class Document:
    """Plain data and the line where each value (for a mapping: its key) stands."""

    path: str
    """As shown in problems."""
    data: Any = None
    lines: dict[Key, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    bad: set[Key] = field(default_factory=set)
    """Values that could not be read; what stands there in `data` is a stopgap."""

    def line(self, key: Key) -> int:
        """Line of a value, or of the nearest thing around it that has one (1 at least)."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def is_bad(self, key: Key) -> bool:
        """Whether a value could not be read, so that nothing else need be said of it."""
        return any(key[:i] in self.bad for i in range(1, len(key) + 1))

    def problem(self, key: Key, sentence: str, hint: str = "") -> Problem:
        """A problem at the line of `key`."""
        return Problem(self.path, self.line(key), sentence, hint)


class _Loader(yaml.SafeLoader):
    """The safe loader with YAML 1.2's idea of what is not text.

    The one in Python: the C one ends the process (a segmentation fault) on a file that is `[` ten thousand times.
    """

    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012


_NUMBER = list("-+.0123456789")
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9][0-9_]*$"), _NUMBER)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$"),
    _NUMBER,
)  # fmt: skip


def read_text(path: Path, what: str) -> str:
    """The file's text. Raises `UserError` for anything that is not a text file of sane size; `what` names it."""
    shown = str(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise UserError([Problem(shown, 0, f"no such {what}")]) from None
    except IsADirectoryError:
        raise UserError([Problem(shown, 0, f"is a folder, not a {what}")]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UserError([Problem(shown, 0, f"cannot be read: {reason.lower()}")]) from None
    if len(raw) > MAX_BYTES:
        raise UserError([Problem(shown, 0, f"is {len(raw):,} bytes long; a {what} has at most {MAX_BYTES:,}")])
    if b"\0" in raw:
        raise UserError([Problem(shown, 0, f"is a binary file, not a {what}")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError([Problem(shown, line, "is not UTF-8 text", "save the file as UTF-8")]) from None


def parse(text: str, path: str, first_line: int = 1) -> Document:
    """Read YAML `text`; `path` and `first_line` are what problems show.

    Mistakes that leave the rest readable (a key twice, a tag) are in `Document.problems`.
    Raises `UserError` when there is nothing to go on with.
    """
    document = Document(path)
    try:
        node = _composed(text)
        if node is not None:
            document.data = _Build(document, first_line).value(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + first_line if mark else first_line
        raise UserError(
            [Problem(path, line, f"not YAML: {_yaml_words(error)}", _yaml_hint(error, first_line))]
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + first_line
        raise UserError(
            [Problem(path, line, f"holds a character that YAML forbids (#x{error.character:04x})")]
        ) from None
    except RecursionError:
        raise UserError([Problem(path, first_line, "is nested too deeply")]) from None
    return document


@lru_cache(maxsize=16)
def _composed(text: str) -> yaml.Node | None:
    """The nodes of a text, which nobody changes: `check` reads a pipeline's file three times."""
    return yaml.compose(text, Loader=_Loader)


def _yaml_words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or ""
    return f"{error.context}, {problem}" if problem.startswith("but") else problem or str(error.context)


def _yaml_hint(error: yaml.MarkedYAMLError, first_line: int) -> str:
    if "found character '\\t'" in str(error.problem):
        return "indent with spaces, not tabs"
    if "got '?'" in str(error.problem):
        return "inside `{...}` and `[...]`, put quotes around text that holds `?`"
    if "got '['" in str(error.problem):
        return "inside `{...}` and `[...]`, put quotes around text that holds `[`"
    if str(error.problem).startswith("but"):
        return ""
    if error.context_mark and error.problem_mark and error.context_mark.line != error.problem_mark.line:
        return f"{error.context} that starts at line {error.context_mark.line + first_line}"
    return ""


class _Build:
    """Turns YAML nodes into plain data, counting as it goes."""

    def __init__(self, document: Document, first_line: int) -> None:
        self.document, self.first_line, self.left = document, first_line, MAX_VALUES

    def value(self, node: yaml.Node, key: Key) -> Any:
        self.document.lines.setdefault(key, node.start_mark.line + self.first_line)
        self.left -= 1
        if self.left < 0:
            raise UserError(
                [self.document.problem((), f"holds more than {MAX_VALUES:,} values once aliases are expanded")]
            )
        if len(key) > MAX_DEPTH:
            raise UserError([self.document.problem(key, "is nested too deeply")])
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind not in _KINDS:
            self._say(node, key, f"tag `{node.tag}` is not allowed", "only plain YAML values are read")
            return None
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, key))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*key, i)) for i, child in enumerate(node.value)]
        return self._scalar(node, key, kind) if isinstance(node, yaml.ScalarNode) else None

    def _pairs(self, node: yaml.MappingNode, key: Key) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for name_node, value_node in node.value:
            name, line = name_node.value, name_node.start_mark.line + self.first_line
            if not isinstance(name_node, yaml.ScalarNode):
                self._say(name_node, key, "a key must be a word, not a list or a mapping")
                continue
            if name == "<<" and name_node.style is None:
                self._say(name_node, key, "merge keys (`<<`) are not read", "write the fields out")
                continue
            if name in seen:
                self._say(name_node, (*key, name), f"key `{name}` is there twice", f"the first is at line {seen[name]}")
                continue
            seen[name] = line
            self.document.lines[(*key, name)] = line
            yield name, self.value(value_node, (*key, name))

    def _scalar(self, node: yaml.ScalarNode, key: Key, kind: str) -> Any:
        text = str(node.value)
        try:
            match kind:
                case "null":
                    return None
                case "bool":
                    return {"true": True, "false": False}[text.lower()]
                case "int":
                    return int(text.replace("_", ""))
                case "float":
                    return float(re.sub(r"\.(?=[in])", "", text.lower().replace("_", "")))
        except (ValueError, KeyError):
            self._say(node, key, f"`{text[:40]}` is not a value of type {kind}")
            return None
        if _SURROGATE.search(text):
            self._say(node, key, "text holds half a character (a lone surrogate)")
            return ""
        return text

    def _say(self, node: yaml.Node, key: Key, sentence: str, hint: str = "") -> None:
        line = node.start_mark.line + self.first_line
        self.document.bad.add(key)
        self.document.problems.append(Problem(self.document.path, line, sentence, hint))
