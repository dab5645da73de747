"""Forms that IFEval does not know: code blocks, headings, JSON with given keys, tags, links, and no Markdown at all."""

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
    Unwanted,
    counted,
    failed,
    joined,
    when,
)
from smoltalk.contracts import Outcome

_HEADING = re.compile(r"(#{1,6})[ \t]+\S")
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


class NoMarkdown(Unwanted):
    """Plain text: no headings, emphasis with asterisks, bullet points, backticks, links, tables or quoted lines."""

    id = "format:no_markdown"
    wordings = (
        "Write plain text without any Markdown.",
        "Do not use Markdown: no headings, no asterisks around words, no bullet points.",
    )

    def check(self, text: str) -> Outcome:
        found = next((name for name, mark, told in _MARKDOWN if mark in text and told.search(text)), "")
        return when(not found, f"the answer must be plain text, but has {found}")


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


CONSTRAINTS = (
    CodeBlock,
    Headings,
    JsonKeys,
    NoMarkdown,
    XmlTag,
    Links,
)
