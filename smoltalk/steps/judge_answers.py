"""Have a model judge several answers on named aspects, in an order drawn for each row."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from string import ascii_uppercase
from typing import Any, ClassVar

from pydantic import Field

from smoltalk import prompts
from smoltalk.asking_step import AsksOne
from smoltalk.contracts import Ask
from smoltalk.errors import BadReply, RowFailed
from smoltalk.prompts.replies import columns
from smoltalk.requests import Reply, Request, Sampling
from smoltalk.rows import Row
from smoltalk.text import shown, strings

_ASPECTS = {
    "instruction_following": "does it do all that was asked, in the form that was asked for?",
    "honesty": "is it as sure of itself as it can be, and open about what it does not know?",
    "truthfulness": "is what it says true, and does it fit what the request says?",
    "helpfulness": "does it give the user what they need, clearly and without padding?",
}
"""The four of UltraFeedback (Cui et al. 2023, arXiv:2310.01377) and Tulu 3, in our words."""
_MISSING = ("n/a", "na", "none", "not applicable")
_BEST = 5
_GIVEN = frozenset({"request", "aspects", "answers", "mark"})
"""What a template of this step may read."""

Ratings = Mapping[str, Sequence[int | None]]


class JudgeAnswers(AsksOne):
    """Writes for each aspect the ratings of all answers (1 to 5, null for "N/A"), their means into `column`, and why.

    One request judges all answers of a row, so that they are compared. Their order is drawn from the row's id and
    `seed`, and what is written is in the order of `of` again: a place in the prompt helps no answer.
    """

    engine_kind: ClassVar[str] = "completes"
    looks_up: ClassVar[tuple[str, ...]] = ("_template",)

    of: str = "answers"
    """The column of the answers, a list of texts: 26 at most."""
    prompt: str = "instruction"
    """The column that they answer: a text or a conversation."""
    aspects: dict[str, str] = Field(default_factory=lambda: dict(_ASPECTS), min_length=1)
    """What is judged, in words; each aspect's name is the column of its ratings."""
    template: str | None = None
    """A task of your own in place of `judge_answers`, made of `request`, `answers` (letter -> text), `aspects` (name ->
    words) and `mark`, a word that no answer can know."""
    column: str = "scores"
    """The column for the mean of the aspects that apply: a float for each answer, null where none does."""
    reasons: str = "judge_reasons"
    """The column for the judge's reasons."""
    seed: int = Field(default=0, ge=0)
    """Another seed, other orders."""
    sampling: Sampling = Field(default_factory=lambda: Sampling(temperature=0.0, max_tokens=1024))
    attempts: int = Field(default=3, ge=1)

    def check(self) -> Iterator[str]:
        given = ", ".join(sorted(_GIVEN))
        for name in sorted(self._template.variables() - _GIVEN):
            yield f"template `{self._template.name}` reads `{name}`, and `judge_answers` gives {given}"
        for name in sorted({self.column, self.reasons, "reason"} & self.aspects.keys()):
            yield f"an aspect cannot be called `{name}`"

    def reads(self) -> frozenset[str]:
        return frozenset({self.of, self.prompt})

    def writes(self) -> frozenset[str]:
        return frozenset({*self.aspects, self.column, self.reasons})

    def says(self) -> Mapping[str, str]:
        return {self._template.name: self._template.text}

    def identity(self) -> dict[str, Any]:
        """The template counts by its text, the engine by what it is."""
        return super().identity() | {"template": self._template.identity()}

    async def write(self, row: Row, ask: Ask) -> Row:
        asked, answers = _told(row[self.prompt], self.prompt), row[self.of]
        if not answers or not isinstance(answers, list):
            raise RowFailed("missing", f"column `{self.of}` holds no list of answers to judge")
        if len(answers) > len(ascii_uppercase):
            raise RowFailed("too_many", f"{len(answers)} answers, and a judge is shown {len(ascii_uppercase)} at most")
        order = _order(str(row.get("id", "")), self.seed, len(answers))
        letters = ascii_uppercase[: len(order)]
        lettered = {letter: str(answers[place]) for letter, place in zip(letters, order, strict=True)}
        mark = hashlib.blake2b(f"mark\0{row.get('id')}".encode(), digest_size=3).hexdigest()
        filled = {"request": asked, "answers": lettered, "aspects": self.aspects, "mark": mark}
        request = Request(self._template.render(filled), self.sampling, schema=self._schema(letters))
        verdicts = await ask(self.engine, request, lambda reply: self._parse(reply, letters), attempts=self.attempts)
        back = sorted(range(len(order)), key=lambda position: order[position])
        return self._written([verdicts[position] for position in back])

    def _written(self, verdicts: Sequence[Row]) -> Row:
        """The columns, from the verdict on each answer in the order of the answers."""
        ratings = {aspect: [verdict[aspect] for verdict in verdicts] for aspect in self.aspects}
        scores = [_mean([verdict[aspect] for aspect in self.aspects]) for verdict in verdicts]
        return {**ratings, self.column: scores, self.reasons: [verdict["reason"] for verdict in verdicts]}

    def _schema(self, letters: str) -> dict[str, Any]:
        rating = {"enum": [*range(1, _BEST + 1), "N/A"]}
        properties: dict[str, Any] = {"reason": {"type": "string"}} | dict.fromkeys(self.aspects, rating)
        verdict = _object(properties)
        return _object(dict.fromkeys(letters, verdict))

    def _parse(self, reply: Reply, letters: str) -> list[Row]:
        """A verdict for each letter. Raises `BadReply`: `truncated`, `unparseable` or `schema`."""
        if reply.finish == "length":
            raise BadReply("truncated", f"cut off after {reply.tokens_out} tokens")
        found = columns(reply.text, dict.fromkeys(letters, "json"))
        return [self._verdict(letter, found[letter]) for letter in letters]

    def _verdict(self, letter: str, said: Any) -> Row:
        if not isinstance(said, dict):
            raise BadReply("schema", f"`{letter}` is not an object of aspects")
        reason = said.get("reason", "")
        verdict: Row = {"reason": reason if isinstance(reason, str) else ""}
        for aspect in self.aspects:
            if aspect not in said:
                raise BadReply("schema", f"`{aspect}` of answer {letter} is missing")
            verdict[aspect] = _rating(said[aspect], f"`{aspect}` of answer {letter}")
        return verdict

    @cached_property
    def _template(self) -> prompts.Template:
        return prompts.find(self.template or "judge_answers")


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def _rating(value: Any, what: str) -> int | None:
    """1 to 5, None where the aspect does not apply: never a number that stands for nothing."""
    if value is None or (isinstance(value, str) and value.strip().lower() in _MISSING):
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value.strip()[:2])
    if isinstance(value, int | float) and not isinstance(value, bool) and value in range(1, _BEST + 1):
        return int(value)
    raise BadReply("schema", f'{what} is {str(value)[:40]!r}, not 1 to {_BEST} or "N/A"')


def _mean(ratings: Sequence[int | None]) -> float | None:
    there = [rating for rating in ratings if rating is not None]
    return sum(there) / len(there) if there else None


def _order(row: str, seed: int, n: int) -> list[int]:
    """Which answer stands at each place of the prompt."""

    def drawn(place: int) -> bytes:
        return hashlib.blake2b(f"order\0{row}\0{seed}\0{place}".encode(), digest_size=8).digest()

    return sorted(range(n), key=drawn)


def _told(asked: Any, column: str) -> str:
    """The request as a text: a conversation's turns, each under who speaks. Raises `RowFailed`."""
    if isinstance(asked, str) and asked.strip():
        return asked
    if not asked or not isinstance(asked, list):
        raise RowFailed("missing", f"column `{column}` holds nothing to judge answers to")
    return "\n\n".join(f"{shown(turn.get('role'), 20)}: {' '.join(strings(turn))}" for turn in _dicts(asked, column))


def _dicts(turns: Sequence[Any], column: str) -> Sequence[Mapping[str, Any]]:
    if not all(isinstance(turn, dict) for turn in turns):
        raise RowFailed("not_a_prompt", f"column `{column}` holds neither a text nor a conversation")
    return turns
