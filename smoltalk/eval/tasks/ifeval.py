"""Does it do what it is told? IFEval's prompts, judged by the verifiers of this package."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from pydantic import Field

from smoltalk.constraints import Constraint, read, verify_constraints
from smoltalk.errors import Problem, UserError
from smoltalk.eval.asking import Said
from smoltalk.eval.loose import kept
from smoltalk.eval.rows import OfData, column
from smoltalk.eval.task import Asks, Item, Mark, Metric
from smoltalk.rows import Row, message

_HUB = "google/IFEval"
_COMMIT = "966cd89545d6b6acfd7638bc708b98261ca58e84"


class Ifeval(OfData, Asks):
    """Prompts whose constraints code can check (Zhou et al. 2023, arXiv 2311.07911).

    The 541 prompts come from the Hub at a pinned commit, or from a file in their form: `prompt`, `instruction_id_list`
    and `kwargs`, a mapping for each instruction in which null is the same as missing. An instruction that the
    verifiers cannot tell (is so short a text French?) counts as kept, as in IFEval's own code. Counted by the number
    of instructions too.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("prompt strict", "prompts of which every instruction is followed"),
        Metric("instruction strict", "instructions that are followed"),
        Metric("prompt loose", "prompts, read without first line, last line or stars where that helps"),
        Metric("instruction loose", "instructions, read so"),
    )

    data: str = _HUB
    """The prompts: a file in IFEval's form, or a dataset of the Hub."""
    max_tokens: int = Field(default=1280, gt=0)

    def items(self) -> list[Item]:
        of = self
        if self.data == _HUB and self.revision is None:
            of = self.model_copy(update={"revision": _COMMIT})
        problems: list[Problem] = []
        found: list[Item] = []
        for number, (name, row) in enumerate(of.rows(self.limit), 1):
            try:
                found.append(self._item(row, name))
            except UserError as error:
                problems += [Problem(self.data, number, p.sentence, p.hint) for p in error.problems]
        if problems:
            raise UserError(_once(problems))
        return found

    def _item(self, row: Row, name: str) -> Item:
        prompt, ids = column(row, "prompt", self.data), column(row, "instruction_id_list", self.data)
        kwargs = [_kwargs(one) for one in _listed(column(row, "kwargs", self.data))]
        if not isinstance(prompt, str) or len(kwargs) != len(ids):
            raise UserError([Problem("", 0, "`prompt` is a text, and `kwargs` has a mapping for each instruction")])
        asked = read([{"id": one, "kwargs": given} for one, given in zip(ids, kwargs, strict=True)])
        group = f"{len(ids)} instruction{'s' if len(ids) > 1 else ''}"
        return Item(str(row.get("key", name)), [message("user", prompt)], (), group, {"constraints": asked})

    def judge(self, item: Item, said: Sequence[Said]) -> Mark:
        asked: list[Constraint] = item.about["constraints"]
        text = said[0].text
        strict, loose = kept(text, asked, "strict"), kept(text, asked, "loose")
        points = {
            "prompt strict": (float(all(strict)), 1.0), "instruction strict": (float(sum(strict)), len(strict)),
            "prompt loose": (float(all(loose)), 1.0), "instruction loose": (float(sum(loose)), len(loose)),
        }  # fmt: skip
        why = "" if all(strict) else said[0].why or verify_constraints(text, asked).outcome.reason
        return Mark(item.id, points, item.group, (text,), why, item.messages[-1]["content"])


def _once(problems: Sequence[Problem]) -> Iterator[Problem]:
    """Each mistake with the first prompt that has it, and how many have; a problem's line is the prompt's number."""
    alike: dict[tuple[str, str], list[Problem]] = {}
    for one in problems:
        alike.setdefault((one.sentence, one.hint), []).append(one)
    for (sentence, hint), some in list(alike.items())[:20]:
        more = f" (so do {len(some) - 1:,} more)" if len(some) > 1 else ""
        yield Problem(some[0].path, 0, f"prompt {some[0].line}: {sentence}{more}", hint)


def _listed(value: Any) -> list[Any]:
    value = json.loads(value) if isinstance(value, str) else value
    return list(value) if isinstance(value, list | tuple) else []


def _kwargs(value: Any) -> dict[str, Any]:
    """Those that are there; a table in which others are null may hold whole numbers as floats."""
    given = {name: one for name, one in (value or {}).items() if one is not None}
    whole = {name: int(one) for name, one in given.items() if isinstance(one, float) and one.is_integer()}
    return given | whole
