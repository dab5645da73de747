"""Lists and tables that IFEval does not know: numbered lines, boxes to tick, labelled lines, Markdown tables."""

import re
from math import inf
from random import Random
from typing import Annotated, Self

from pydantic import Field

from smoltalk.constraints import pool
from smoltalk.constraints.constraint import (
    Constraint,
    Count,
    Phrases,
    counted,
    failed,
    joined,
    when,
)
from smoltalk.contracts import Outcome

_NUMBERED = re.compile(r"[ \t]*(\d{1,6})[.)][ \t]+\S")
_RULE = re.compile(r"\|?[ \t]*+:?-++:?[ \t]*+(\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+")
_TASK = re.compile(r"[ \t]*[-*][ \t]+\[[ xX]\][ \t]+\S")


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


def _is_rule(line: str) -> bool:
    return "-" in line and _RULE.fullmatch(line) is not None


def _cells(line: str) -> int:
    return line.strip().removeprefix("|").removesuffix("|").count("|") + 1


CONSTRAINTS = (
    NumberedList,
    Checklist,
    LabelledLines,
    Table,
)
