"""The tables of the page, by section: what charts cannot say in one glance."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from smoltalk.reporting.charts_columns import named
from smoltalk.reporting.figures import Count
from smoltalk.reporting.findings import Findings
from smoltalk.reporting.machinery import EngineFacts
from smoltalk.reporting.page_text import percent, short

_FOLDED = 12
"""Rows from which on a table is folded away behind its title."""


class Column(NamedTuple):
    """A column's head."""

    name: str
    number: bool = True


class Table(NamedTuple):
    """Cells as text, row by row; the first column names the row."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    folded: bool = False


def tables(of: Findings) -> Mapping[str, list[Table]]:
    """Tables by the id of their section; those without rows are left out."""
    made = {
        "funnel": _funnel(of),
        "origins": _origins(of),
        "lengths": _lengths(of),
        "columns": _by_category(of),
        "duplicates": _duplicates(of),
        "benchmarks": _benchmarks(of),
        "phrases": _phrases(of),
        "diversity": _diversity(of),
        "pairs": _pairs(of),
        "engines": _engines(of),
    }
    return {section: [table for table in some if table.rows] for section, some in made.items()}


def _table(title: str, heads: str, rows: Iterable[Sequence[str]]) -> Table:
    """`heads` are parted by `|`; one that begins with `#` is of numbers."""
    columns = [Column(head.strip().removeprefix("#"), head.strip().startswith("#")) for head in heads.split("|")]
    listed = list(rows)
    return Table(title, columns, listed, len(listed) > _FOLDED)


def _funnel(of: Findings) -> Iterator[Table]:
    born = of.overview.born or 1
    yield _table(
        "Reasons", "turned away by | reason | #rows | #of all born",
        (
            (stage.name, one.reason, f"{one.rows:,}", percent(one.rows / born))
            for stage in of.funnel
            for one in stage.reasons
        ),
    )  # fmt: skip
    if len(of.splits) > 1:
        yield _table("Splits", "split | #rows", ((one.label, f"{one.n:,}") for one in _train_first(of.splits)))


def _train_first(splits: Sequence[Count]) -> list[Count]:
    return sorted(splits, key=lambda one: (one.label != "train", one.label))


def _origins(of: Findings) -> Iterator[Table]:
    if len(of.origins) < 2 and not of.overview.is_mixture:
        return
    rows = (
        (
            one.source, f"{one.asked:,}" if one.asked is not None else "–", f"{one.born:,}", f"{one.accepted:,}",
            f"{one.repeated:,}", f"{one.beyond:,}", f"{one.rejected - one.beyond:,}", f"{one.failed:,}",
            f"{one.pending:,}", _maybe(one.words), _maybe(one.turns),
        )
        for one in of.origins
    )  # fmt: skip
    heads = (
        "source|#asked|#born|#accepted|#of these copies|#beyond the share|#rejected|#failed|#pending|#words a row|"
        "#turns a row"
    )
    columns = _table("By source", heads, rows)
    yield _without_empty(columns)


def _lengths(of: Findings) -> Iterator[Table]:
    yield _table(
        "All lengths", "of | unit | #rows | #mean | #median | #5 % | #95 % | #longest | #in all",
        (
            (
                named(one.what), one.unit, f"{one.rows:,}",
                *(short(n) for n in (one.mean, one.median, one.p5, one.p95, one.longest, one.total)),
            )
            for one in of.lengths
        ),
    )._replace(folded=True)  # fmt: skip


def _by_category(of: Findings) -> Iterator[Table]:
    for one in of.numbers:
        rows = ((label, f"{n:,}", short(mean)) for label, n, mean in one.by_category)
        table = _table(f"{one.name} by {one.categorised_by}", f"{one.categorised_by} | #rows | #mean", rows)
        yield table._replace(folded=True)


def _duplicates(of: Findings) -> Iterator[Table]:
    if of.duplicates:
        rows = ((one.label, f"{one.n:,}") for one in of.duplicates.found)
        yield _table("Turned away", "gate | #rows", rows)


def _benchmarks(of: Findings) -> Iterator[Table]:
    table = _table(
        "Checked", "benchmark | gate | #items found | #rows turned away | how",
        (
            (one.benchmark, one.gate, f"{one.items:,}", f"{one.rows:,}",
             ", ".join(f"{kind.n:,} {kind.label.replace('_', ' ')}" for kind in one.kinds) or "–")
            for one in of.contamination
        ),
    )  # fmt: skip
    yield _without_empty(table)._replace(folded=False)


def _phrases(of: Findings) -> Iterator[Table]:
    if of.phrases is None:
        return
    rows = (
        (one.phrase, one.group, short(one.rate), "–" if one.reference is None else short(one.reference), one.unit,
         "–" if one.ratio is None else f"{short(one.ratio)}×", f"{one.rows:,}", one.example)
        for one in of.phrases.phrases
        if one.rows
    )  # fmt: skip
    yield _table("All phrases found", "phrase | kind | #here | #reference | unit | #times | #rows | for example", rows)


def _diversity(of: Findings) -> Iterator[Table]:
    if of.diversity is None:
        return
    yield _table(
        "Different words and word groups", "turns | #words counted | #1 word | #2 words | #3 words",
        (
            (one.what, f"{one.words:,}", percent(one.one), percent(one.two), percent(one.three))
            for one in of.diversity.distinct
        ),
    )  # fmt: skip


def _pairs(of: Findings) -> Iterator[Table]:
    won = of.pairs.won if of.pairs else []
    yield _table("Who was chosen over whom", "chosen | rejected | #pairs", ((a, b, f"{n:,}") for a, b, n in won))


def _engines(of: Findings) -> Iterator[Table]:
    rows = (
        (
            one.name, one.plan, f"{one.requests:,}", f"{one.tokens_in:,}", f"{one.tokens_out:,}",
            _maybe(one.tokens_per_second),
            "–" if one.busy is None else percent(one.busy), "–" if one.cached is None else percent(one.cached),
            f"{one.cost:,.4g}" if one.cost else "–", _replies(one),
        )
        for one in of.engines
    )  # fmt: skip
    heads = "engine|runs|#requests|#tokens in|#tokens out|#tokens/s|#in use|#prompt cached|#cost|replies"
    yield _without_empty(_table("Engines", heads, rows))
    rows_of_steps = (
        (one.step, one.engine, f"{one.replies:,}", f"{one.tokens_in:,}", f"{one.tokens_out:,}",
         f"{one.seconds_median:.2g} s", f"{one.seconds_p95:.2g} s")
        for one in of.steps
    )  # fmt: skip
    yield _table("Steps", "step|engine|#replies|#tokens in|#tokens out|#median reply|#95 % within", rows_of_steps)


def _replies(one: EngineFacts) -> str:
    return ", ".join(f"{reply.n:,} {reply.label}" for reply in one.replies) or "–"


def _without_empty(table: Table) -> Table:
    """The table without columns that say nothing in any row."""
    told = [i for i in range(len(table.columns)) if i == 0 or any(row[i] not in ("–", "0") for row in table.rows)]
    return table._replace(columns=[table.columns[i] for i in told], rows=[[row[i] for i in told] for row in table.rows])


def _maybe(value: float | None) -> str:
    return "–" if value is None else short(value)
