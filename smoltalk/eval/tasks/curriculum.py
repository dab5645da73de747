"""What nano was taught: questions of its own curriculum, judged by the tasks that drew them."""

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from smoltalk.eval.asking import Said
from smoltalk.eval.task import Asks, Item, Mark, Metric
from smoltalk.rows import message


class Curriculum(Asks):
    """Questions drawn from nano's curriculum that its training never opens with, each different; counted by domain."""

    metrics: ClassVar[tuple[Metric, ...]] = (Metric("right", "questions of the curriculum that are answered rightly"),)

    rows: int = Field(default=300, gt=0, le=20_000)
    """Questions that are drawn."""
    seed: int = Field(default=0, ge=0)
    """Another seed, other questions."""
    domains: tuple[str, ...] = ()
    """Only of these domains."""
    held_out: bool = True
    """Only questions of the twentieth that no training of ours opens with."""
    max_tokens: int = Field(default=96, gt=0)

    def items(self) -> list[Item]:
        from smoltalk.errors import Problem, UserError, nearest
        from smoltalk.nano.curriculum import DOMAIN_PROMPTS, draw
        from smoltalk.nano.pairs import is_held_out

        if unknown := [name for name in self.domains if name not in DOMAIN_PROMPTS]:
            hint = nearest(unknown[0], DOMAIN_PROMPTS)
            raise UserError([Problem("curriculum", 0, f"no domain `{unknown[0]}`", hint)])
        rng, found, tries = Random(f"eval {self.seed}"), dict[str, Item](), 0
        wanted = min(self.rows, self.limit or self.rows)
        while len(found) < wanted and tries < 400 * wanted:
            tries += 1
            item = draw(rng, rng.choice(self.domains) if self.domains else None)
            if self.held_out and not is_held_out(item.query):
                continue
            about = {"task": item.task, "slots": item.slots}
            asked = [message("user", item.query)]
            found.setdefault(item.query, Item(item.query, asked, (), item.domain, about))
        return list(found.values())

    def judge(self, item: Item, said: Sequence[Said]) -> Mark:
        from smoltalk.nano.curriculum import TASK_BY_NAME

        text = said[0].text.strip()
        right = said[0].finish == "stop" and TASK_BY_NAME[item.about["task"]].judge(item.about["slots"], text)
        why = "" if right else said[0].why or ("cut off" if said[0].finish == "length" else item.about["task"])
        points = {"right": (float(right), 1.0)}
        return Mark(item.id, points, item.group, (text,), why, item.messages[-1]["content"])
