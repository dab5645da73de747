"""What nano was taught: questions of its own curriculum, judged by the tasks that drew them."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from smoltalk.eval.asking import Said
from smoltalk.eval.rows import OfData, talk
from smoltalk.eval.task import Asks, Item, Mark, Metric
from smoltalk.rows import message
from smoltalk.text import normalise

if TYPE_CHECKING:
    from smoltalk.nano.task import Item as Question


class Curriculum(Asks):
    """Questions drawn from nano's curriculum, each different; counted by domain.

    The curriculum is finite: of what is drawn here, much may stand in data that was made from it. `not_in` names that
    data, and what was asked there is not asked here.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (Metric("right", "questions of the curriculum that are answered rightly"),)

    rows: int = Field(default=300, gt=0, le=20_000)
    """Questions that are drawn."""
    seed: int = Field(default=0, ge=0)
    """Another seed, other questions."""
    domains: tuple[str, ...] = ()
    """Only of these domains."""
    not_in: tuple[str, ...] = ()
    """Data whose questions are left out, as `data` of other tasks names it: runs, mixtures, files, the Hub."""
    of: str = ""
    """Data whose first questions are asked in place of drawn ones, where the curriculum can tell what is right: such as
    what a mixture held back. Of drawn ones, `not_in` leaves mostly those kinds of which there are endlessly many."""
    split: str | None = None
    """Of that data, a mixture: one of its splits."""
    max_tokens: int = Field(default=96, gt=0)

    def items(self) -> list[Item]:
        from smoltalk.errors import Problem, UserError, nearest
        from smoltalk.nano.curriculum import DOMAIN_PROMPTS

        if unknown := [name for name in self.domains if name not in DOMAIN_PROMPTS]:
            hint = nearest(unknown[0], DOMAIN_PROMPTS)
            raise UserError([Problem("curriculum", 0, f"no domain `{unknown[0]}`", hint)])
        known = {normalise(said) for data in self.not_in for said in _asked(data)}
        found, wanted = dict[str, Item](), min(self.rows, self.limit or self.rows)
        for item in self._questions(wanted):
            if len(found) == wanted:
                break
            if normalise(item.query) in known:
                continue
            about = {"task": item.task, "slots": item.slots}
            asked = [message("user", item.query)]
            found.setdefault(item.query, Item(item.query, asked, (), item.domain, about))
        return list(found.values())

    def _questions(self, wanted: int) -> "Iterator[Question]":
        """What may be asked: of the data, or drawn."""
        from smoltalk.nano.curriculum import draw, understood

        if self.of:
            for _, row in OfData(data=self.of, split=self.split).rows(None):
                asked = next((turn["content"] for turn in talk(row, self.of) if turn["role"] == "user"), "")
                item = understood(asked)
                if item and (not self.domains or item.domain in self.domains):
                    yield item
            return
        rng = Random(f"eval {self.seed}")
        for _ in range(400 * wanted):
            yield draw(rng, rng.choice(self.domains) if self.domains else None)

    def judge(self, item: Item, said: Sequence[Said]) -> Mark:
        from smoltalk.nano.curriculum import TASK_BY_NAME

        text = said[0].text.strip()
        right = said[0].finish == "stop" and TASK_BY_NAME[item.about["task"]].judge(item.about["slots"], text)
        why = "" if right else said[0].why or ("cut off" if said[0].finish == "length" else item.about["task"])
        points = {"right": (float(right), 1.0)}
        return Mark(item.id, points, item.group, (text,), why, item.messages[-1]["content"])


def _asked(data: str) -> Iterator[str]:
    """What users say in some data: in conversations, or before pairs of answers."""
    for _, row in OfData(data=data).rows(None):
        turns = (row.get("prompt") or row["chosen"]) if "chosen" in row else talk(row, data)
        if isinstance(turns, str):
            yield turns
        else:
            yield from (turn["content"] for turn in turns if turn["role"] == "user")
