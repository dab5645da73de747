"""The page that shows what was found: each row's own words beside the item they are of."""

import difflib
import heapq
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from smoltalk.decontamination.added import ours
from smoltalk.decontamination.columns import ids_of
from smoltalk.decontamination.evidence import Evidence
from smoltalk.decontamination.folder import OutFolder
from smoltalk.decontamination.session import Job, Result
from smoltalk.decontamination.summary import shares
from smoltalk.decontamination.work import EVIDENCE
from smoltalk.text import shown

_EACH = 25
"""Hits shown of one kind in one benchmark, the best and the worst of them."""
_WORD = re.compile(r"\S+\s*")
_DIFFED = 400
"""Words of a text that are compared with the other side's; the rest is shown unmarked."""


class Shown(NamedTuple):
    """One hit on the page."""

    row: str
    """The row's `id`; empty where it has none."""
    hit: Evidence
    others: int
    """Further items that the row holds."""
    ours: "list[tuple[bool, str]]"
    """The row's words: (whether the item has them too, text)."""
    theirs: "list[tuple[bool, str]]"
    """The item's, where its text is at hand."""


class Group(NamedTuple):
    """Hits of one kind in one benchmark."""

    benchmark: str
    kind: str
    rows: int
    shown: list[Shown]


def write_report(
    job: Job, result: Result, folder: OutFolder, whereabouts: Mapping[str, str], items: Mapping[str, Mapping[str, str]]
) -> None:
    """Write `report.html`.

    `whereabouts` says in a line where a benchmark's items are to be found; `items` holds texts by benchmark and item
    where the user has them. Raises `OSError`.
    """
    from jinja2 import FileSystemLoader
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=FileSystemLoader(Path(__file__).parent)
    )
    groups = _groups(folder, result, items)
    listed = [(name, list(some)) for name, some in itertools.groupby(groups, lambda group: group.benchmark)]
    page = environment.get_template("report.html.j2").render(
        job=job, result=result, tally=result.tally, shares=shares(result), groups=listed, whereabouts=whereabouts,
        data=_data(job),
    )  # fmt: skip
    folder.write(folder.report, page)


def evidence_column(folder: OutFolder) -> str:
    """What the column of evidence is called: `EVIDENCE`, or with `_` behind it where the input has one of that name."""
    paths = folder.files("contaminated")[:1]
    return next((ours(pq.read_schema(path)).get(EVIDENCE, EVIDENCE) for path in paths), EVIDENCE)


def _data(job: Job) -> str:
    said = job.data.identity()
    names = [str(one[0]) if isinstance(one, list) else str(one) for one in said if one]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _groups(folder: OutFolder, result: Result, items: Mapping[str, Mapping[str, str]]) -> list[Group]:
    best: dict[tuple[str, str], list[tuple[float, int, str, Evidence, int]]] = {}
    worst: dict[tuple[str, str], list[tuple[float, int, str, Evidence, int]]] = {}
    for number, (row, hits) in enumerate(_rows(folder)):
        seen: set[str] = set()
        for hit in hits:
            if hit["benchmark"] in seen:
                continue
            seen.add(hit["benchmark"])
            key = hit["benchmark"], hit["kind"]
            _keep(best.setdefault(key, []), (hit["score"], -number, row, hit, len(hits) - 1), _EACH - _EACH // 2)
            _keep(worst.setdefault(key, []), (-hit["score"], -number, row, hit, len(hits) - 1), _EACH // 2)
    groups = []
    for (benchmark, kind), some in sorted(best.items()):
        chosen = {-one[1]: one for one in itertools.chain(some, worst[benchmark, kind])}
        listed = sorted(chosen.values(), key=lambda one: (-one[3]["score"], -one[1]))
        rows = result.tally.benchmarks[benchmark].kinds[kind] if benchmark in result.tally.benchmarks else len(listed)
        groups.append(Group(benchmark, kind, rows, [_shown(row, hit, more, items) for _, _, row, hit, more in listed]))
    order = {share.benchmark: place for place, share in enumerate(shares(result))}
    kinds = ["exact", "numbers_changed", "edited", "partial", "n_gram"]
    return sorted(groups, key=lambda group: (order.get(group.benchmark, 0), kinds.index(group.kind)))


def _keep(heap: list[Any], entry: tuple[Any, ...], most: int) -> None:
    """At most `most` entries, those with the largest first two."""
    if len(heap) < most:
        heapq.heappush(heap, entry)
    else:
        heapq.heappushpop(heap, entry)


def _rows(folder: OutFolder) -> Iterator[tuple[str, list[Evidence]]]:
    for path in folder.files("contaminated"):
        with pq.ParquetFile(path) as file:
            names, evidence = file.schema_arrow.names, ours(file.schema_arrow)[EVIDENCE]
            for batch in file.iter_batches(batch_size=1_000, columns=[n for n in ("id", evidence) if n in names]):
                ids = ids_of(batch.column("id")) if "id" in names else [None] * batch.num_rows
                for own, hits in zip(ids, batch.column(evidence).to_pylist(), strict=True):
                    yield str(shown(own)) if own is not None else "", hits


def _shown(row: str, hit: Evidence, others: int, items: Mapping[str, Mapping[str, str]]) -> Shown:
    theirs = items.get(hit["benchmark"], {}).get(hit["item"])
    if theirs is None:
        return Shown(row, hit, others, [(True, hit["text"])], [])
    return Shown(row, hit, others, *_marked(hit, theirs))


def _marked(hit: Evidence, theirs: str) -> tuple[list[tuple[bool, str]], list[tuple[bool, str]]]:
    """The row's span and the item in pieces, those that the other side has marked.

    A word of the item that stands right beside the span is there too: spans end at the last word that tells.
    """
    span, item = _WORD.findall(hit["text"]), _WORD.findall(theirs)
    around = _WORD.findall(hit["before"] + hit["text"] + hit["after"])
    return (
        list(_pieces(span, ((block.a, block.size) for block in _blocks(span, item)))),
        list(_pieces(item, ((block.b, block.size) for block in _blocks(around, item)))),
    )


def _blocks(one: list[str], two: list[str]) -> list[difflib.Match]:
    return difflib.SequenceMatcher(None, _bare(one), _bare(two), autojunk=False).get_matching_blocks()


def _bare(words: list[str]) -> list[str]:
    return ["".join(filter(str.isalnum, word.casefold())) for word in words[:_DIFFED]]


def _pieces(words: list[str], same: Iterable[tuple[int, int]]) -> Iterator[tuple[bool, str]]:
    at = 0
    for start, size in same:
        if start > at:
            yield False, "".join(words[at:start])
        if size:
            yield True, "".join(words[start : start + size])
        at = start + size
    if at < len(words):
        yield False, "".join(words[at:])
