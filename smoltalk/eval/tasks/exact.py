"""Is the answer right? Questions with one right answer, compared as numbers, as words or as a letter."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field

from smoltalk.errors import Problem, UserError
from smoltalk.eval.asking import Said
from smoltalk.eval.rows import OfData, column, group_of
from smoltalk.eval.task import Asks, Item, Mark, Metric
from smoltalk.rows import Message, Row, message
from smoltalk.text import normalise
from smoltalk.verifiers.agrees import final_number

_ASKS = {
    "number": "Work it out step by step. End with a line that says: The answer is NUMBER.",
    "text": "",
    "letter": "Reply with the letter of the right answer and nothing else.",
}
"""What stands below each question."""
_LETTERS = tuple(
    re.compile(form)
    for form in (
        r"(?i:\banswer\b[\s*_]*(?:is|:)[\s*_:(\[]*)([A-Z])(?![A-Za-z])",
        r"^[\s*_(\[]*([A-Z])(?=[)\].:,*_]|\s*$)",
        r"[(\[*]([A-Z])[)\]*]",
        r"(?<![\w'’])(?!A\s+[a-z]|I(?:\s+[a-z]|['’]))([A-Z])(?![\w'’])",
    )
)
"""Where a reply says its letter, the surest first: behind `answer is`, alone or before a sign at its beginning, in
brackets or bold, anywhere but where it is the word `A` or `I`."""
_ENDS = re.compile(r"^[\s\"'“”‘’(\[*_]+|[\s\"'“”‘’)\].,!?*_]+$")


class Exact(OfData, Asks):
    """Questions whose answer must be the one in the data: GSM8K's kind, and any of your own.

    `form: number` compares the numbers that both texts end in (behind `####`, in a `\\boxed{}`, after `answer is`):
    whole ones must be the same, others agree to six digits. `text` compares the texts without case, spaces and
    punctuation around them, `letter` the capital letter behind `answer is`, at the beginning, in brackets, or else the
    first that stands alone and is no word.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("right", "answers that are the one in the data"),
        Metric("answered", "answers in which there is one to compare"),
    )

    question: str = "question"
    """The column of the question."""
    answer: str = "answer"
    """The column of the right answer; a solution that ends in it will do."""
    form: Literal["number", "text", "letter"] = "number"
    """What is compared."""
    ask: str | None = None
    """What stands below each question, in place of the words for `form`; "" leaves the question alone. Words with
    `{question}` in them are all that is asked."""
    shots: int = Field(default=0, ge=0, le=64)
    """Rows of `shots_from` that go before each question, answered."""
    shots_from: str | None = None
    """The data of the shots, with the same columns; a split of the same Hub dataset by its name."""
    group: str | None = None
    """A column by whose values answers are counted too."""
    max_tokens: int = Field(default=512, gt=0)

    def check(self) -> Iterator[str]:
        if self.shots and self.shots_from is None:
            yield "`shots` needs `shots_from`: questions that are shown are none to be asked"
        if self.ask and "{" in self.ask and "{question}" not in self.ask:
            yield "`ask` has braces, and no `{question}` in them"

    def items(self) -> list[Item]:
        shown = self._shown()
        found = []
        for number, (name, row) in enumerate(self.rows(self.limit), 1):
            asked = [*shown, self._asked(row)]
            answer = self._read(str(column(row, self.answer, self.data)))
            if answer is None:
                sentence = f"row {number}: no {self.form} to compare in `{self.answer}`"
                raise UserError([Problem(self.data, 0, sentence, "another `form`, or another column as `answer`")])
            found.append(Item(name, asked, (), group_of(row, self.group, self.data), {"answer": answer}))
        return found

    def judge(self, item: Item, said: Sequence[Said]) -> Mark:
        right, text = item.about["answer"], said[0].text
        found = self._read(text)
        good = found is not None and _same(found, right)
        why = "" if good else said[0].why or (f"says {found}, not {right}" if found is not None else "no answer found")
        points = {"right": (float(good), 1.0), "answered": (float(found is not None), 1.0)}
        return Mark(item.id, points, item.group, (text,), why[:300], item.messages[-1]["content"])

    def _asked(self, row: Row) -> Message:
        words = _ASKS[self.form] if self.ask is None else self.ask
        if "{question}" not in words:
            words = f"{{question}}\n\n{words}" if words else "{question}"
        return message("user", words.replace("{question}", str(column(row, self.question, self.data))))

    def _shown(self) -> list[Message]:
        if not self.shots or self.shots_from is None:
            return []
        bare = self.shots_from.replace("_", "").isalnum() and self.split is not None
        of = {"split": self.shots_from} if bare else {"data": self.shots_from, "split": None, "revision": None}
        turns: list[Message] = []
        for _, row in self.model_copy(update=of).rows(self.shots):
            turns += [self._asked(row), message("assistant", str(column(row, self.answer, self.data)))]
        return turns

    def _read(self, text: str) -> Decimal | str | None:
        if self.form == "number":
            return final_number(text)
        if self.form == "letter":
            return next((found[1] for form in _LETTERS if (found := form.search(text))), None)
        return _ENDS.sub("", normalise(text)) or None


def _same(one: Decimal | str, other: Decimal | str) -> bool:
    if isinstance(one, Decimal) and isinstance(other, Decimal) and (one % 1 or other % 1):
        return abs(one - other) <= Decimal("1e-6") * max(abs(one), abs(other))
    return one == other
