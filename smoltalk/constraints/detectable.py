"""IFEval's families `detectable_content` and `detectable_format`: placeholders, postscripts, lists, sections, JSON."""

import json
import re
from math import inf
from random import Random
from typing import Self

from smoltalk.constraints.constraint import PASS, Constraint, Count, Phrase, counted, failed, when
from smoltalk.contracts import Outcome

_HIGHLIGHT = re.compile(r"\*[^\n*]*\*")
_DOUBLE = re.compile(r"\*\*[^\n*]*\*\*")
_FENCE = re.compile(r"```(?:json|Json|JSON)?")
_POSTSCRIPTS = {"P.S.": re.compile(r"p\.\s?s\."), "P.P.S": re.compile(r"p\.\s?p\.\s?s")}
_YES_NO = ("My answer is yes.", "My answer is no.", "My answer is maybe.")


class NumberPlaceholders(Constraint):
    """At least so many `[placeholders]`; an empty `[]` is one too, as in the reference."""

    id = "detectable_content:number_placeholders"
    wordings = (
        "Leave at least {num_placeholders} placeholders in square brackets, such as [name].",
        "Use at least {num_placeholders} placeholders to be filled in, written in square brackets like [date].",
    )

    num_placeholders: Count

    def check(self, text: str) -> Outcome:
        noun, plural = "placeholder in [brackets]", "placeholders in [brackets]"
        return counted(sum(map(_bracketed, text.split("\n"))), "at least", self.num_placeholders, noun, plural)

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_placeholders=rng.randint(2, 4))

    def needs(self) -> tuple[str, ...]:
        return ("[", "]")


class Postscript(Constraint):
    """A postscript begins with the marker, in any case; `P.S.` is found with a space in it as well.

    Differs from the reference: a marker other than `P.S.` and `P.P.S` is itself, no regular expression.
    """

    id = "detectable_content:postscript"
    wordings = (
        "End with a postscript that begins with {postscript_marker}",
        "After your answer, add a postscript; it has to begin with {postscript_marker}",
    )
    any_case = True

    postscript_marker: Phrase

    def check(self, text: str) -> Outcome:
        pattern = _POSTSCRIPTS.get(self.postscript_marker)
        lower = text.lower()
        there = pattern.search(lower) is not None if pattern else self.postscript_marker.lower() in lower
        return when(there, f"there is no postscript that begins with {self.postscript_marker}")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(postscript_marker=rng.choice(tuple(_POSTSCRIPTS)))

    def needs(self) -> tuple[str, ...]:
        return (self.postscript_marker,)


class NumberBulletLists(Constraint):
    """Exactly so many bullet points: lines that begin with `*` (not `**`) or `-`, so that `---` is one, as in the
    reference. It differs for a `*` that is alone on its line: no bullet here, one there, together with the line below.
    """

    id = "detectable_format:number_bullet_lists"
    wordings = (
        "Use exactly {num_bullets} bullet points, each on a line of its own that begins with * or -.",
        "Your answer must hold exactly {num_bullets} Markdown bullet points (lines that begin with * ).",
    )

    num_bullets: Count

    def check(self, text: str) -> Outcome:
        found = 0
        for line in text.split("\n"):
            line = line.lstrip()
            found += line.startswith("-") or (line[:1] == "*" and len(line) > 1 and line[1] != "*")
        return counted(found, "exactly", self.num_bullets, "bullet point")

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_bullets=rng.randint(2, 6))

    def size(self) -> tuple[float, float]:
        return 3 * self.num_bullets, inf


class ConstrainedResponse(Constraint):
    """One of three sentences is in the answer, in this case: `My answer is yes.`, `... no.`, `... maybe.`."""

    id = "detectable_format:constrained_response"
    wordings = (
        'Answer with one of these: "My answer is yes.", "My answer is no.", "My answer is maybe."',
        'Choose one of three answers: "My answer is yes." or "My answer is no." or "My answer is maybe."',
    )

    def check(self, text: str) -> Outcome:
        return when(any(one in text for one in _YES_NO), f"the answer must hold one of: {' '.join(_YES_NO)}")


class NumberHighlightedSections(Constraint):
    """At least so many passages between `*` or `**`. `**one**` counts as one, as in the reference."""

    id = "detectable_format:number_highlighted_sections"
    wordings = (
        "Highlight at least {num_highlights} passages with asterisks, like *this one*.",
        "At least {num_highlights} parts of your answer should be emphasised in Markdown, i.e. *emphasised*.",
    )

    num_highlights: Count

    def check(self, text: str) -> Outcome:
        found = sum(bool(one.strip("*").strip()) for one in _HIGHLIGHT.findall(text))
        found += sum(bool(one[2:-2].strip()) for one in _DOUBLE.findall(text))
        noun, plural = "passage between *asterisks*", "passages between *asterisks*"
        return counted(found, "at least", self.num_highlights, noun, plural)

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(num_highlights=rng.randint(2, 4))

    def needs(self) -> tuple[str, ...]:
        return ("*",)


class MultipleSections(Constraint):
    """At least so many sections, each opened by the splitter and a number, `SECTION 1`; case counts.

    Differs from the reference: the splitter is itself, no regular expression.
    """

    id = "detectable_format:multiple_sections"
    wordings = (
        "Divide your answer into {num_sections} sections and open each with {section_spliter} and its number, as in "
        "{section_spliter} 1.",
        "Your answer needs {num_sections} sections; the first begins with {section_spliter} 1, and so on.",
    )

    section_spliter: Phrase
    num_sections: Count

    def check(self, text: str) -> Outcome:
        found = len(re.findall(rf"{re.escape(self.section_spliter)}\s?\d+", text))
        noun = f'section opened by "{self.section_spliter}" and a number'
        return counted(found, "at least", self.num_sections, noun, noun.replace("section", "sections", 1))

    @classmethod
    def draw(cls, rng: Random, instruction: str) -> Self:
        return cls(
            section_spliter=rng.choice(("Section", "SECTION", "Part", "Chapter")), num_sections=rng.randint(2, 5)
        )

    def needs(self) -> tuple[str, ...]:
        return (f"{self.section_spliter} {self.num_sections}",)

    def size(self) -> tuple[float, float]:
        return 10 * self.num_sections, inf


class JsonFormat(Constraint):
    """The whole answer is one JSON value, in a code fence or not; a bare `3` is one, as in the reference."""

    id = "detectable_format:json_format"
    wordings = (
        "Give your whole answer as JSON, in a code fence if you like.",
        "The entire answer has to be valid JSON and nothing else.",
    )

    def check(self, text: str) -> Outcome:
        text = text.strip()
        if fence := _FENCE.match(text):
            text = text[fence.end() :]
        try:
            json.loads(text.removesuffix("```").strip())
        except ValueError as error:  # also integers of thousands of digits
            return failed(f"the answer is not JSON as a whole: {str(error)[:120]}")
        except RecursionError:
            return failed("the answer is JSON that is nested too deeply")
        return PASS

    def needs(self) -> tuple[str, ...]:
        return ('"',)


class Title(Constraint):
    """A title between `<<` and `>>` that is not empty, anywhere, as in the reference."""

    id = "detectable_format:title"
    wordings = (
        "Give your answer a title in double angle brackets, like <<a title>>.",
        "Include a title, written as <<title>>.",
    )

    def check(self, text: str) -> Outcome:
        return when(any(map(_titled, text.split("\n"))), "there is no title between << and >>")


# Not as regular expressions: those of the reference take the square of a hostile text's length.


def _bracketed(line: str) -> int:
    """How many `[...]` a line holds."""
    found, at = 0, line.find("[")
    while at >= 0 and (end := line.find("]", at)) >= 0:
        found, at = found + 1, line.find("[", end)
    return found


def _titled(line: str) -> bool:
    begin, end = line.find("<<"), line.rfind(">>")
    return 0 <= begin < end and bool(line[begin:end].lstrip("<").rstrip(">").strip())


CONSTRAINTS = (
    NumberPlaceholders,
    Postscript,
    NumberBulletLists,
    ConstrainedResponse,
    NumberHighlightedSections,
    MultipleSections,
    JsonFormat,
    Title,
)
