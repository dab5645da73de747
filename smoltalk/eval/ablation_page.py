"""The page of an ablation: what each part of the mixture bought, with intervals, and where."""

from collections.abc import Iterator, Sequence
from functools import partial

from smoltalk.eval.ablation import Bought, Found
from smoltalk.eval.page_charts import Dot, intervals
from smoltalk.eval.page_parts import Page, Section
from smoltalk.eval.written import doubt, estimated, interval, number, p_value, points_of
from smoltalk.reporting.charts import NARROW, WIDE
from smoltalk.reporting.charts_figure import Figure
from smoltalk.reporting.page_tables import Column, Table

_CAPTION = (
    "Right of the line it helped: the whole mixture does better than the mixture without it. An interval that touches "
    "the line says that it cannot be told. One that does not may be luck where items are few or many parts were looked "
    "at: what is said above goes by the p-value, adjusted for how many there are (Holm)."
)


def page(name: str, of: Found) -> Page:
    """All of an ablation."""
    tasks = list(dict.fromkeys(one.task for one in of.bought))
    sections = [_task(task, [one for one in of.bought if one.task == task], of) for task in tasks]
    seeds = f"{len(of.seeds)} seed{'s' if len(of.seeds) > 1 else ''}"
    tiles = [(f"{len(of.rows)}", "mixtures"), (f"{len(of.rows) * len(of.seeds)}", "models trained")]
    tiles += [(f"{of.steps:,}", "steps each"), (f"{of.rows.get('whole', 0):,}", "rows of the whole")]
    lead = (
        f"A model was trained on the whole mixture and on the mixture without each part: the same recipe, {seeds}, as "
        "many steps. What a part bought is the whole's figure less the figure without it."
    )
    rows = [(variant, f"{rows:,}") for variant, rows in of.rows.items()]
    mixtures = Section("Mixtures", "", (), [Table("", [Column("mixture", False), Column("rows")], rows)])
    footer = "Intervals draw the items again and take the trainings as they are; what differs by seed says the rest."
    return Page(f"{name}: what each part bought", lead, tiles, list(remarks(of)), [*sections, mixtures], footer)


def remarks(of: Found) -> Iterator[str]:
    """A sentence for each part and task, what helped most first."""
    for one in ranked(of):
        said = verdict(one)
        figure = f"{points_of(one.bought.value, one.unit)} {interval(one.bought.low, one.bought.high, one.unit, True)}"
        what = one.task if one.task == one.metric else f"{one.task}, {one.metric}"
        yield f"{one.left_out} bought {figure} {_unit(one)} {what}: {said} ({p_value(one.adjusted)})"


def ranked(of: Found) -> list[Bought]:
    """Whole figures of first metrics, by task, what helped most first."""
    first: dict[str, str] = {}
    for one in of.bought:
        first.setdefault(one.task, one.metric)
    mine = [one for one in of.bought if first[one.task] == one.metric and not one.group]
    tasks = list(first)
    return sorted(mine, key=lambda one: (tasks.index(one.task), -one.bought.value))


def verdict(one: Bought) -> str:
    """`helps`, `hurts`, or that it cannot be told: by its items, or because trainings with other seeds disagree."""
    if one.adjusted >= 0.05:
        return f"cannot be told{doubt(one.bought, one.adjusted)}"
    if len({seed > 0 for seed in one.by_seed}) > 1:
        return "cannot be told: seeds disagree"
    return "helps" if one.bought.value > 0 else "hurts"


def _unit(one: Bought) -> str:
    return "points of" if one.unit == "%" else f"{one.unit} {'less ' if one.lower else ''}of"


def _task(task: str, some: Sequence[Bought], of: Found) -> Section:
    first = some[0].metric
    headline = [one for one in some if one.metric == first and not one.group]
    headline.sort(key=lambda one: -one.bought.value)
    figures = [_figure(f"{first}: what each part bought", headline)]
    order = [one.left_out for one in headline]  # the same in every figure and in the table
    some = sorted(some, key=lambda one: order.index(one.left_out) if one.left_out in order else len(order))
    for group in dict.fromkeys(one.group for one in some if one.group):
        within = [one for one in some if one.group == group]
        figures.append(_figure(f"On {group}", within)._replace(wide=None, caption=""))
    whole = of.wholes.get(f"{task}: {first}")
    lead = f"The whole mixture's model: {first} {estimated(whole, some[0].unit)}." if whole else ""
    heads = [
        Column("left out", False),
        Column("metric", False),
        Column("of", False),
        Column("whole"),
        Column("without"),
    ]
    heads += [Column("bought"), Column("95 % interval"), Column("p"), Column("by seed")]
    rows = [
        (one.left_out, one.metric, one.group or "all", number(one.whole.value, one.unit),
         number(one.without.value, one.unit), points_of(one.bought.value, one.unit),
         interval(one.bought.low, one.bought.high, one.unit, True), f"{one.adjusted:.2g}",
         ", ".join(points_of(seed, one.unit) for seed in one.by_seed))
        for one in some
    ]  # fmt: skip
    return Section(task, lead, figures, [Table("All figures", heads, rows, len(rows) > 12)])


def _figure(title: str, some: Sequence[Bought]) -> Figure:
    by = 100 if some[0].unit == "%" else 1
    dots = [
        Dot(one.left_out, by * one.bought.value, by * one.bought.low, by * one.bought.high,
            f"{one.left_out}: {points_of(one.bought.value, one.unit)}", 0 if one.kind == "source" else 2)
        for one in some
    ]  # fmt: skip
    axis = "percentage points" if some[0].unit == "%" else some[0].unit + (" less" if some[0].lower else "")
    says = f"{title}: " + "; ".join(dot.told for dot in dots)
    draw = partial(intervals, dots, axis, says, zero=True)
    return Figure(title, _CAPTION, draw(width=NARROW), draw(width=WIDE))
