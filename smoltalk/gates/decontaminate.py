"""The gate that keeps benchmark questions out of a dataset, whatever turn, role or template they hide in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from smoltalk import benchmarks
from smoltalk.benchmarks.inside import unsound
from smoltalk.benchmarks.named import named
from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.decontamination import Finder, Hit, Method, finder
from smoltalk.errors import UserError
from smoltalk.rows import Row
from smoltalk.text import shown, valid

if TYPE_CHECKING:
    from smoltalk.words import Texts


class Decontaminate(Gate):
    """Rejects rows that hold a benchmark question, wholly or in good part.

    How much of an item one row covers decides, after Tülu 3 (Lambert et al. 2024, section 3.2: half of an item's
    tokens), not any single shared n-gram as in GPT-3 (Brown et al. 2020, appendix C), which also flags mere phrases.
    All turns and roles are looked at. Copies with another case, punctuation, spacing or Unicode form are found, and
    most with every tenth word changed; rephrasings and translations are not.
    """

    against: tuple[str, ...] = Field(min_length=1)
    """Benchmarks to stay clear of: names in `decontam/`, specs (.yaml) and files of items (.jsonl)."""
    of: str | tuple[str, ...] = "messages"
    """The column or columns to look at: conversations, lists of texts, or texts."""
    threshold: float = Field(default=0.5, json_schema_extra={"exclusiveMinimum": 0, "maximum": 1})
    """The share of an item from which a row counts as holding it; stricter where few of its words are telling."""
    method: Method = "coverage"
    """Ours, or a published method, for comparison: those have thresholds of their own and need the items' text."""

    def check(self) -> Iterator[str]:
        # Names first: they are wrong whatever the method and the threshold are to be, so one mistake hides no other.
        wrong = list(benchmarks.mistakes(self.against))
        unbuilt = [sentence for sentence in wrong if sentence.startswith("the fingerprint")]
        yield from (sentence for sentence in wrong if sentence not in unbuilt)
        if not 0 < self.threshold <= 1:
            yield f"`decontaminate`: threshold must be greater than 0 and at most 1, not {self.threshold:g}"
        ours = self.method == "coverage"  # others read items, so no fingerprint need be there
        yield from unbuilt if ours else ()
        if problems := unsound(self.against, ours):
            raise UserError(problems)

    def names(self) -> list[str]:
        """The benchmarks, groups taken apart and files by their names: a row that holds an item of `x` is `in_x`."""
        return [one.name for one in named(self.against)[0]]

    def reads(self) -> frozenset[str]:
        return frozenset(self._columns())

    def identity(self) -> dict[str, Any]:
        return super().identity() | {"given": benchmarks.state(self.against)}

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        return _Judge(self._columns(), finder(self.against, self.method, self.threshold), self.method)

    def _columns(self) -> tuple[str, ...]:
        return (self.of,) if isinstance(self.of, str) else self.of


@dataclass(frozen=True, slots=True)
class _Text:
    """One text of a row and where it stands there."""

    place: dict[str, Any]
    text: str


class _Judge:
    """A finder and its desk, for one row after another."""

    def __init__(self, columns: tuple[str, ...], ready: Finder, method: Method) -> None:
        self._columns, self._finder, self._method = columns, ready, method
        self._desk = ready.desk()
        self._find([""])  # compiled now, where no engine waits for it

    def judge(self, row: Row) -> Verdict:
        """Reject with `in_<benchmark>`; evidence: benchmark, item, score, kind of hit, the row's words and where."""
        found = [text for column in self._columns for text in _texts(column, row.get(column))]
        texts, hits = self._find([valid(one.text) for one in found])
        if not hits:
            return KEEP
        name = self._finder.names[hits[0].benchmark]
        return Verdict(False, f"in_{name}", self._evidence(hits, found, texts))

    def _find(self, row: Sequence[str]) -> "tuple[Texts, list[Hit]]":
        from smoltalk.words import texts_of

        texts = texts_of([row])
        return texts, self._finder.find(texts, self._desk)

    def _evidence(self, hits: Sequence[Hit], found: Sequence[_Text], texts: "Texts") -> dict[str, Any]:
        best = hits[0]
        ends = texts.offsets[1:].tolist()
        text = next(number for number, end in enumerate(ends) if best.first < end)
        matched = texts.data[best.first : min(best.last, ends[text])].tobytes().decode("utf-8", "replace")
        others = {"others": len(hits) - 1} if len(hits) > 1 else {}
        return {
            "benchmark": self._finder.names[best.benchmark],
            "item": shown(self._finder.called(best.benchmark, best.item)),
            "score": round(best.score, 3), "kind": best.kind, "method": self._method,
            **found[text].place, "text": shown(matched), **others,
        }  # fmt: skip


def _texts(column: str, value: Any) -> Iterator[_Text]:
    """The texts of a column, part by part, as the command looks at them."""
    from smoltalk.decontamination.columns import role_of, spoken

    if not isinstance(value, list | tuple):
        yield from (_Text({"column": column}, text) for text in spoken(value))
        return
    for number, turn in enumerate(value):
        role = {"role": shown(said)} if (said := role_of(value, number)) else {}
        yield from (_Text({"column": column, "turn": number, **role}, text) for text in spoken(turn))
