"""Whose answers are better? Two models answer the same prompts, and a judge compares them in both orders."""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from pydantic import Field

from smoltalk import prompts
from smoltalk.attempts import again
from smoltalk.errors import BadReply, Problem, UserError
from smoltalk.eval.asking import Said
from smoltalk.eval.length_control import controlled
from smoltalk.eval.rows import OfData, group_of
from smoltalk.eval.subject import Subject
from smoltalk.eval.task import Asks, Item, Mark, Metric, Tell
from smoltalk.requests import Sampling
from smoltalk.rows import message
from smoltalk.text import strings

_COLUMNS = ("turns", "prompt", "instruction", "question", "messages")
_ATTEMPTS = 3


class SideBySide(OfData, Asks):
    """A judge compares the answers of each model with those of `--against`, as in MT-Bench (Zheng et al. 2023, arXiv
    2306.05685): every pair twice, each model first once. A model wins where both verdicts say so, or one does and the
    other is a tie; verdicts that contradict each other are a tie. The judge is any engine: `--judge`.

    The length-controlled win rate is what would have come of answers of equal length: see `length_control`. How
    long the answers of each are is counted too.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("words", "words of an answer, all turns together", lower=None, unit="words"),
        Metric("whole", "answers that came to their end"),
    )
    duels: ClassVar[tuple[Metric, ...]] = (
        Metric("win rate", "prompts that are won; a tie counts half"),
        Metric("length-controlled win rate", "what it would be with answers as long as the other's"),
        Metric("agreement", "prompts on which the judge says the same in both orders"),
    )

    column: str | None = None
    """The column of the prompts: texts, lists of a user's turns, or conversations whose last answer is left off.
    Default: `turns`, `prompt`, `instruction`, `question` or `messages`, the first that is there."""
    group: str | None = None
    """A column by whose values prompts are counted too."""
    template: str = "compare_answers"
    """The task that the judge is given, made of `request`, `first`, `second` and `mark`; it says `A`, `B` or `tie` as
    `verdict`."""
    judge_tokens: int = Field(default=1024, gt=0)

    def check(self) -> Iterator[str]:
        try:
            prompts.find(self.template)
        except UserError as error:
            yield from (problem.sentence for problem in error.problems)

    def items(self) -> list[Item]:
        found = []
        for number, (name, row) in enumerate(self.rows(self.limit), 1):
            of = self.column or next((one for one in _COLUMNS if row.get(one)), None)
            if of is None or not row.get(of):
                hint = "`column:` names the one of the prompts"
                raise UserError([Problem(self.data, 0, f"row {number} has no prompt", hint)])
            try:
                found.append(_item(row[of], name, group_of(row, self.group, self.data)))
            except (ValueError, TypeError, KeyError):
                hint = "a prompt is a text, a list of a user's turns, or a conversation"
                raise UserError([Problem(self.data, 0, f"row {number}: `{of}` is no prompt", hint)]) from None
        return found

    def judge(self, item: Item, said: Sequence[Said]) -> Mark:
        words = sum(len(one.text.split()) for one in said)
        whole = all(one.finish == "stop" for one in said)
        texts, why = tuple(one.text for one in said), next((one.why for one in said if one.why), "")
        points = {"words": (float(words), 1.0), "whole": (float(whole), 1.0)}
        return Mark(item.id, points, item.group, texts, why, item.messages[-1]["content"])

    async def duel(self, one: Subject, other: Subject, judge: Subject | None, tell: Tell) -> list[Mark]:
        if judge is None:
            raise UserError([Problem("--judge", 0, "`side_by_side` needs a judge", "--judge 'openai: {model: ...}'")])
        ours = await one.answers(self.asked, self.sampling, lambda done, of: None)
        theirs = await other.answers(self.asked, self.sampling, lambda done, of: None)

        async def judged(each: tuple[Item, list[Said], list[Said]]) -> Mark:
            item, mine, yours = each
            first, second = await asyncio.gather(
                self._won(judge, item, mine, yours), self._won(judge, item, yours, mine)
            )
            return _mark(item, (first, None if second is None else 1 - second), mine)

        marks = await judge.over(list(zip(self.asked, ours, theirs, strict=True)), judged, tell)
        return controlled(marks, [_words(mine) for mine in ours], [_words(yours) for yours in theirs])

    async def _won(self, judge: Subject, item: Item, first: list[Said], second: list[Said]) -> float | None:
        """1 where the first is better, 0 where the second is, 0.5 for a tie; None where the judge gives no verdict."""
        template = prompts.find(self.template)
        mark = hashlib.blake2b(f"mark\0{item.id}".encode(), digest_size=3).hexdigest()
        filled = {"request": _told(item, []), "first": _told(item, first), "second": _told(item, second), "mark": mark}
        request = template.request(filled, Sampling(temperature=0.0, max_tokens=self.judge_tokens))
        for _ in range(_ATTEMPTS):
            said = await judge.asking(request)
            try:
                if said.finish != "stop":
                    raise BadReply("truncated" if said.finish == "length" else said.finish, said.why)
                verdict = template.parse(said.text).get("verdict")
                if verdict in ("A", "B", "tie"):
                    return {"A": 1.0, "B": 0.0, "tie": 0.5}[verdict]
                raise BadReply("schema", "`verdict` is not A, B or tie")
            except BadReply as error:
                from smoltalk.requests import Reply

                following = again(request, Reply(said.text), error)
                if following is request:
                    return None
                request = following
        return None


def _item(value: Any, name: str, group: str) -> Item:
    if isinstance(value, str):
        return Item(name, [message("user", value)], (), group)
    if all(isinstance(turn, str) for turn in value):
        return Item(
            name, [message("user", value[0])], tuple(message("user", one)["content"] for one in value[1:]), group
        )
    turns = [message(turn["role"], turn["content"]) for turn in value]
    while turns and turns[-1]["role"] != "user":
        turns.pop()
    if not turns:
        raise ValueError("a conversation in which no user speaks")
    return Item(name, turns, (), group)


def _told(item: Item, said: Sequence[Said]) -> str:
    """The request without answers, or all answers; later turns under what the user said."""
    if not said:
        turns = [f"{turn['role']}: {' '.join(strings(turn))}" for turn in item.messages]
        return "\n\n".join([*turns, *(f"user, next: {one}" for one in item.more)])
    if not item.more:
        return said[0].text
    later = (f"[to: {asked}]\n{one.text}" for asked, one in zip(item.more, said[1:], strict=True))
    return "\n\n".join([said[0].text, *later])


def _words(said: Sequence[Said]) -> int:
    return sum(len(one.text.split()) for one in said)


def _mark(item: Item, verdicts: tuple[float | None, float | None], said: Sequence[Said]) -> Mark:
    """MT-Bench's rule: won is what no order contradicts."""
    texts, asked = tuple(one.text for one in said), item.messages[-1]["content"]
    if (first := verdicts[0]) is None or (second := verdicts[1]) is None:
        none = (0.0, 0.0)
        return Mark(item.id, {"win rate": none, "agreement": none}, item.group, texts, "no verdict", asked)
    mean = (first + second) / 2
    won = 1.0 if mean > 0.5 else 0.0 if mean < 0.5 else 0.5
    why = {1.0: "won", 0.5: "tie", 0.0: "lost"}[won] + ("" if first == second else ", the orders differ")
    points = {"win rate": (won, 1.0), "agreement": (float(first == second), 1.0)}
    return Mark(item.id, points, item.group, texts, why, asked)
