"""Forms that IFEval does not know: numbered lists, tables, code, headings, checklists, labelled lines, tags, links."""

import json
import re
from math import inf
from random import Random
from typing import Annotated, Any, Self

from pydantic import Field

from smoltalk.constraints import pool
from smoltalk.constraints.constraint import (
    Constraint,
    Count,
    Phrase,
    Phrases,
    counted,
    failed,
    joined,
    when,
)
from smoltalk.contracts import Outcome

_NUMBERED = re.compile(r"[ \t]*(\d{1,6})[.)][ \t]+\S")
_RULE = re.compile(r"\|?[ \t]*+:?-++:?[ \t]*+(\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+")
_HEADING = re.compile(r"(#{1,6})[ \t]+\S")
_TASK = re.compile(r"[ \t]*[-*][ \t]+\[[ xX]\][ \t]+\S")
_LINK = re.compile(r"(?<!!)\[[^\[\]\n]{1,500}\]\([^()\s]{1,2000}\)")
_MARKDOWN = (
    ("a heading", "#", re.compile(r"^#{1,6} ", re.M)),
    ("emphasis with asterisks", "*", re.compile(r"\*[^\s*][^\n*]*\*")),
    ("a bullet point", "", re.compile(r"^[ \t]*[-*+] ", re.M)),
    ("code between backticks", "`", re.compile(r"`")),
    ("a link", "](", _LINK),
    ("a table", "|", re.compile(r"^[ \t]*\|.*\|[ \t]*$", re.M)),
    ("a quoted line", ">", re.compile(r"^> ?", re.M)),
)
"""What it is, a mark that it cannot be without, and how it is told."""


class NumberedList(Constraint):
    """Exactly so many lines `1. ...`, `2. ...`, numbered from 1 without a gap; `1)` will do as well."""

    id = "format:numbered_list"
    wordings = (
        "Include a numbered list of exactly {num_items} items (1., 2., and so on), one to a line.",
        "Number exactly {num_items} lines, beginning with 1.",
    )

    num_items: Count

    def check(self, text: str) -> Outcome:
        found = [int(match[1]) for line in text.split("\n") if (match := _NUMBERED.match(line))]
        if len(found) != self.num_items:
            return counted(len(found), "exactly", self.num_items, "numbered line")
        in_order = found == list(range(1, len(found) + 1))
        return when(in_order, "the numbered lines must count from 1 without a gap")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_items=rng.randint(3, 7))

    def needs(self) -> tuple[str, ...]:
        return (str(self.num_items),)

    def size(self) -> tuple[float, float]:
        return 4 * self.num_items, inf


class Table(Constraint):
    """One Markdown table with exactly so many columns and rows; the heading row does not count."""

    id = "format:table"
    wordings = (
        "Include one Markdown table with {num_columns} columns and {num_rows} rows below the heading row.",
        "Put the main points into a Markdown table: {num_columns} columns, a heading row and {num_rows} further rows.",
    )

    num_columns: Annotated[int, Field(ge=2, le=100)]
    num_rows: Count

    def check(self, text: str) -> Outcome:
        lines = [line.strip() for line in text.split("\n")]
        rules = [at for at, line in enumerate(lines) if at and "|" in line and "|" in lines[at - 1] and _is_rule(line)]
        if len(rules) != 1:
            return failed(f"the answer has {len(rules) or 'no'} Markdown tables, but must have exactly 1")
        rule = rules[0]
        rows = []
        for line in lines[rule + 1 :]:
            if "|" not in line:
                break
            rows.append(line)
        wrong = next((line for line in (lines[rule - 1], *rows) if _cells(line) != self.num_columns), None)
        if wrong is not None:
            return failed(f'the table row "{wrong[:80]}" has {_cells(wrong)} columns, but must have {self.num_columns}')
        return counted(len(rows), "exactly", self.num_rows, "table row", "table rows below the heading")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_columns=rng.randint(2, 4), num_rows=rng.randint(2, 5))

    def size(self) -> tuple[float, float]:
        return self.num_columns * (self.num_rows + 1), inf


class CodeBlock(Constraint):
    """Exactly one fenced code block that is closed and not empty, tagged with the language."""

    id = "format:code_block"
    wordings = (
        "Include exactly one fenced code block, and tag it {code_language}.",
        "Show code in a single Markdown code block that begins with ```{code_language}.",
    )

    code_language: Phrase

    def check(self, text: str) -> Outcome:
        fences = [line.strip() for line in text.split("\n") if line.lstrip().startswith("```")]
        if len(fences) != 2 or fences[1].strip("`"):
            return failed("the answer must have exactly one code block, opened and closed by lines of ```")
        tag = fences[0].strip("`").strip()
        if tag.lower() != self.code_language.lower():
            return failed(f'the code block is tagged "{tag[:40]}", but must be tagged "{self.code_language}"')
        return when(
            bool(text.partition("```")[2].partition("\n")[2].partition("```")[0].strip()), "the code block is empty"
        )

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(code_language=rng.choice(pool.CODE_LANGUAGES))

    def needs(self) -> tuple[str, ...]:
        return ("```",)


class Headings(Constraint):
    """Exactly so many Markdown headings of a level, and none of another."""

    id = "format:headings"
    wordings = (
        "Structure your answer with exactly {num_headings} Markdown headings of level {level} ({marks}).",
        "Use {num_headings} headings that begin with {marks}, and no others.",
    )

    num_headings: Count
    level: Annotated[int, Field(ge=1, le=6)]

    def check(self, text: str) -> Outcome:
        levels = [len(match[1]) for line in text.split("\n") if (match := _HEADING.match(line))]
        if any(level != self.level for level in levels):
            return failed(f'every heading must begin with "{self._marks}"')
        return counted(len(levels), "exactly", self.num_headings, "heading")

    @property
    def _marks(self) -> str:
        return "#" * self.level

    def said(self) -> dict[str, Any]:
        return {**super().said(), "marks": self._marks}

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_headings=rng.randint(2, 4), level=rng.randint(2, 3))

    def size(self) -> tuple[float, float]:
        return 10 * self.num_headings, inf


class JsonKeys(Constraint):
    """The whole answer is a JSON object, in a code fence or not, with exactly these keys."""

    id = "format:json_keys"
    wordings = (
        "Answer with one JSON object that has exactly the keys {keys}, and nothing else.",
        "Your entire answer must be a JSON object whose keys are {keys}.",
    )

    keys: Phrases

    def check(self, text: str) -> Outcome:
        lines = text.strip()
        if lines.startswith("```"):
            lines = lines.partition("\n")[2].removesuffix("```")
        try:
            value = json.loads(lines)
        except (ValueError, RecursionError):
            return failed("the answer is not one JSON object and nothing else")
        if not isinstance(value, dict):
            return failed("the answer is JSON, but no object")
        kept = set(value) == set(self.keys)
        return when(
            kept, f"the keys are {joined(list(value)[:20]) if value else 'none'}, but must be {joined(self.keys)}"
        )

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(keys=list(rng.choice(pool.JSON_KEYS)))

    def needs(self) -> tuple[str, ...]:
        return ('"', *self.keys)


class NoMarkdown(Constraint):
    """Plain text: no headings, emphasis with asterisks, bullet points, backticks, links, tables or quoted lines."""

    id = "format:no_markdown"
    wordings = (
        "Write plain text without any Markdown.",
        "Do not use Markdown: no headings, no asterisks around words, no bullet points.",
    )

    def check(self, text: str) -> Outcome:
        found = next((name for name, mark, told in _MARKDOWN if mark in text and told.search(text)), "")
        return when(not found, f"the answer must be plain text, but has {found}")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls()

    def refuses(self, text: str) -> bool:
        return self.check(text).verdict == "fail"


class Checklist(Constraint):
    """Exactly so many lines `- [ ] ...`; ticked boxes count."""

    id = "format:checklist"
    wordings = (
        "Include a checklist of exactly {num_items} lines that begin with - [ ].",
        "Give exactly {num_items} things to tick off, each on a line that begins with - [ ].",
    )

    num_items: Count

    def check(self, text: str) -> Outcome:
        found = sum(_TASK.match(line) is not None for line in text.split("\n"))
        return counted(found, "exactly", self.num_items, "line with a box - [ ]", "lines with a box - [ ]")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_items=rng.randint(3, 6))

    def size(self) -> tuple[float, float]:
        return 4 * self.num_items, inf


class LabelledLines(Constraint):
    """Each label, with a colon behind it, begins one line, in this order; case does not count, nor does Markdown
    emphasis around a label."""

    id = "format:labelled_lines"
    wordings = (
        "Part your answer with these labels, each at the beginning of a line with a colon behind it, in this order: "
        "{labels}.",
        "Begin the parts of your answer with the labels {labels}, in this order, each followed by a colon.",
    )
    any_case = True

    labels: Phrases

    def check(self, text: str) -> Outcome:
        lines = [line.lstrip(" \t*_").lower() for line in text.split("\n")]
        places = []
        for label in self.labels:
            pattern = re.compile(rf"{re.escape(label.lower())}[ \t*_]{{0,4}}:")
            there = [at for at, line in enumerate(lines) if pattern.match(line)]
            if len(there) != 1:
                return failed(f'exactly one line must begin with "{label}:", and {len(there) or "none"} does')
            places += there
        return when(places == sorted(places), f"the labels must come in this order: {joined(self.labels)}")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(labels=list(rng.choice(pool.OUTLINES)))

    def needs(self) -> tuple[str, ...]:
        return tuple(f"{label}:" for label in self.labels)

    def size(self) -> tuple[float, float]:
        return 6 * len(self.labels), inf


class XmlTag(Constraint):
    """The whole answer stands between `<tag>` and `</tag>`, which appear once each."""

    id = "format:xml_tag"
    wordings = (
        "Put your whole answer between <{tag}> and </{tag}>.",
        "Begin with <{tag}>, end with </{tag}>, and write nothing outside of them.",
    )

    tag: Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_-]{0,40}$")]

    def check(self, text: str) -> Outcome:
        opening, closing, text = f"<{self.tag}>", f"</{self.tag}>", text.strip()
        if not (text.startswith(opening) and text.endswith(closing)):
            return failed(f"the answer must begin with {opening} and end with {closing}")
        if text.count(opening) > 1 or text.count(closing) > 1:
            return failed(f"{opening} and {closing} must appear once each")
        return when(
            bool(text[len(opening) : -len(closing)].strip()), f"there is nothing between {opening} and {closing}"
        )

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(tag=rng.choice(pool.TAGS))

    def needs(self) -> tuple[str, ...]:
        return (f"</{self.tag}>",)


class Links(Constraint):
    """Exactly so many Markdown links `[words](address)`; pictures are none."""

    id = "content:links"
    wordings = (
        "Include exactly {num_links} links, written in Markdown as [words](https://address).",
        "Use exactly {num_links} Markdown links of the form [words](https://address).",
    )

    num_links: Count

    def check(self, text: str) -> Outcome:
        return counted(len(_LINK.findall(text)), "exactly", self.num_links, "Markdown link")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_links=rng.randint(2, 4))

    def needs(self) -> tuple[str, ...]:
        return ("[", "](")


def _is_rule(line: str) -> bool:
    return "-" in line and _RULE.fullmatch(line) is not None


def _cells(line: str) -> int:
    return line.strip().removeprefix("|").removesuffix("|").count("|") + 1


CONSTRAINTS = (
    NumberedList,
    Table,
    CodeBlock,
    Headings,
    JsonKeys,
    NoMarkdown,
    Checklist,
    LabelledLines,
    XmlTag,
    Links,
)
