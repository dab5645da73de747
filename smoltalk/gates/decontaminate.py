"""The gate that keeps benchmark questions out of a dataset, whatever turn, role or template they hide in.

A row is scored against every benchmark item: the share of the item's word 3-grams that stand close together in the row,
counted plainly, and counted 1/k for an n-gram that k items of the benchmark share; the lower of both decides. Short
questions must stand there whole.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from smoltalk import benchmarks
from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.errors import nearest
from smoltalk.rows import Row
from smoltalk.text import ngrams, shown, strings, word_hashes, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SURE = 24
"""Items of fewer words are near-twins too easily: their bar rises, to `_STRICT` at `benchmarks.SHORT` words."""
_STRICT = 0.8
_BREAK = "\n"
"""Stands between two turns in the words of a row; no word is like it, so no n-gram of an item crosses it."""


class Decontaminate(Gate):
    """Rejects rows that hold a benchmark question, wholly or in good part.

    The share of an item that one row covers decides, after Tülu 3 (Lambert et al. 2024, section 3.2: half of an item's
    tokens), not any single shared n-gram as in GPT-3 (Brown et al. 2020, appendix C), which also flags mere phrases.
    All turns and roles are looked at. Copies with another case, punctuation, spacing or Unicode form are found, and
    most with every tenth word changed; rephrasings and translations are not.
    """

    against: tuple[str, ...] = Field(min_length=1)
    """Benchmarks to stay clear of: names in `decontam/`."""
    of: str | tuple[str, ...] = "messages"
    """The column or columns to look at."""
    threshold: float = Field(default=0.5, gt=0, le=1)
    """The share of an item from which a row counts as holding it; stricter for items under 24 words."""

    def check(self) -> Iterator[str]:
        known = benchmarks.names()
        for name in self.against:
            if name not in known:
                yield f"no benchmark `{name}` in decontam/: {nearest(name, known)}"
            elif not (benchmarks.folder() / f"{name}.npz").is_file():
                yield f"the benchmark `{name}` has no fingerprint; build it: python -m smoltalk.benchmarks build {name}"

    def reads(self) -> frozenset[str]:
        return frozenset(self._columns())

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        return _Judge(self._columns(), self.threshold, [benchmarks.load(name) for name in dict.fromkeys(self.against)])

    def _columns(self) -> tuple[str, ...]:
        return (self.of,) if isinstance(self.of, str) else self.of


@dataclass(frozen=True, slots=True)
class _Text:
    """One text of a row and where it stands there."""

    place: dict[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class _Hit:
    item: int
    score: float
    start: int
    """First matched word of the row, and the one after the last."""
    end: int


class _Judge:
    """All benchmarks in one sorted table of n-grams; items are numbered through."""

    def __init__(self, columns: tuple[str, ...], threshold: float, prints: Sequence[benchmarks.Fingerprint]) -> None:
        import numpy as np

        self._columns, self._threshold = columns, threshold
        self._names = [one.manifest.name for one in prints]
        self._firsts = np.cumsum([0, *(len(one.lengths) for one in prints)])
        self._lengths = np.concatenate([one.lengths for one in prints]).astype(np.int64)
        grams = np.concatenate([one.grams for one in prints])
        owners = np.repeat(np.arange(len(self._lengths)), np.concatenate([np.diff(p.starts) for p in prints]))
        weights = 1 / np.concatenate([one.spread for one in prints])
        self._totals = np.bincount(owners, weights, minlength=len(self._lengths))
        self._sizes = np.bincount(owners, minlength=len(self._lengths))
        order = np.argsort(grams, kind="stable")
        self._grams, self._owners, self._weights = grams[order], owners[order], weights[order]
        rise = np.clip((_SURE - self._lengths) / (_SURE - benchmarks.SHORT), 0, 1)
        self._bars = np.maximum(threshold, threshold + (_STRICT - threshold) * rise)
        self._runs: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for first, one in zip(self._firsts.tolist(), prints, strict=False):
            table = zip(one.run_heads.tolist(), one.runs.tolist(), one.run_lengths.tolist(), one.run_items, strict=True)
            for head, run, length, item in table:
                self._runs[head].append((run, length, first + int(item)))
        self._heads = np.array(sorted(self._runs), np.uint32)

    def judge(self, row: Row) -> Verdict:
        """Reject with `in_<benchmark>`; evidence: benchmark, item number, score, the row's words and where."""
        texts = [text for column in self._columns for text in _texts(column, row.get(column))]
        tokens: list[str] = []
        starts: list[int] = []
        for one in texts:
            starts.append(len(tokens))
            tokens += words(one.text)
            tokens.append(_BREAK)
        hashes = word_hashes(tokens)
        hits = [*self._whole(hashes), *self._parts(ngrams(hashes, benchmarks.N).astype("uint32"))]
        if not hits:
            return KEEP
        best = max(hits, key=lambda hit: (hit.score, hit.end - hit.start, -hit.item))
        which = int(self._firsts.searchsorted(best.item, "right")) - 1
        turn = max(i for i, start in enumerate(starts) if start <= best.start)
        evidence = {
            "benchmark": self._names[which],
            "item": best.item - int(self._firsts[which]),
            "score": round(best.score, 3),
            **texts[turn].place,
            "text": shown(_quote(texts[turn].text, best.start - starts[turn], best.end - starts[turn])),
        }
        return Verdict(False, f"in_{self._names[which]}", evidence)

    def _whole(self, hashes: "NDArray[np.uint64]") -> Iterator[_Hit]:
        """Short questions that stand in the row word for word."""
        heads = ngrams(hashes, benchmarks.SHORTEST).astype("uint32")
        for start in _found(self._heads, heads).nonzero()[0].tolist():
            for run, length, item in self._runs[int(heads[start])]:
                whole = ngrams(hashes[start : start + length], length)
                if len(whole) and int(whole[0]) == run:
                    yield _Hit(item, 1.0, start, start + length)

    def _parts(self, grams: "NDArray[np.uint32]") -> Iterator[_Hit]:
        """Items of which the row holds enough: first anywhere in it, then close together."""
        import numpy as np

        places = np.flatnonzero(_found(self._grams, grams))
        if not len(places):
            return
        mine = grams[places]
        spots = self._entries(np.unique(mine))
        items, inverse = np.unique(self._owners[spots], return_inverse=True)
        scores = np.minimum(
            np.bincount(inverse, self._weights[spots]) / self._totals[items], np.bincount(inverse) / self._sizes[items]
        )
        for item in items[scores >= self._bars[items] - 1e-9].tolist():
            spots_of = spots[self._owners[spots] == item]
            weight = dict(zip(self._grams[spots_of].tolist(), self._weights[spots_of].tolist(), strict=True))
            found = [(p, g) for p, g in zip(places.tolist(), mine.tolist(), strict=True) if g in weight]
            hit = self._densest(item, found, weight)
            if hit.score >= self._bars[item] - 1e-9:
                yield hit

    def _entries(self, grams: "NDArray[np.uint32]") -> "NDArray[np.int64]":
        """Where in the table these n-grams stand: all entries of the first, of the second, ..."""
        import numpy as np

        low, high = self._grams.searchsorted(grams, "left"), self._grams.searchsorted(grams, "right")
        counts = high - low
        return np.repeat(low - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())

    def _densest(self, item: int, found: Sequence[tuple[int, int]], weight: Mapping[int, float]) -> _Hit:
        """The best score within any stretch of the row three times as long as the item (and some)."""
        reach = 3 * int(self._lengths[item]) + 60
        whole, size = float(self._totals[item]), int(self._sizes[item])
        inside: Counter[int] = Counter()
        best, total, kinds, left = _Hit(item, 0.0, 0, 0), 0.0, 0, 0
        for place, gram in found:
            inside[gram] += 1
            if inside[gram] == 1:
                total, kinds = total + weight[gram], kinds + 1
            while place - found[left][0] > reach:
                gone = found[left][1]
                inside[gone] -= 1
                if not inside[gone]:
                    total, kinds = total - weight[gone], kinds - 1
                left += 1
            score = min(total / whole, kinds / size, 1.0)
            if score > best.score + 1e-9:
                best = _Hit(item, score, found[left][0], place + benchmarks.N)
        return best


def _found(table: "NDArray[np.uint32]", values: "NDArray[np.uint32]") -> "NDArray[np.bool_]":
    """Which of `values` are in the sorted `table`."""
    import numpy as np

    if not len(table):
        return np.zeros(len(values), np.bool_)
    return np.asarray(table[np.minimum(table.searchsorted(values), len(table) - 1)] == values)


def _texts(column: str, value: Any) -> Iterator[_Text]:
    """The texts of a column; turns of a conversation one by one."""
    if not isinstance(value, list | tuple):
        yield _Text({"column": column}, "\n".join(strings(value)))
        return
    for number, turn in enumerate(value):
        role = {"role": shown(turn["role"])} if isinstance(turn, Mapping) and "role" in turn else {}
        yield _Text({"column": column, "turn": number, **role}, "\n".join(strings(turn)))


def _quote(text: str, start: int, end: int, limit: int = 200) -> str:
    """The row's own text from word `start` to before word `end`; at least `limit` characters of it, where there are."""
    seen, first, last = 0, None, 0
    for chunk, at in _chunks(text):
        count = len(words(chunk))
        if seen + count > start and first is None:
            first = at
        if seen < end:
            last = at + len(chunk)
        seen += count
        if seen >= end or (first is not None and last - first > limit):
            break
    return text[first or 0 : last]


def _chunks(text: str) -> Iterator[tuple[str, int]]:
    at = 0
    for chunk in text.split():
        at = text.index(chunk, at)
        yield chunk, at
        at += len(chunk)
