"""The page of an evaluation: every figure with its interval, models beside each other, answers to look at."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from smoltalk.eval.curves import Training
from smoltalk.eval.intervals import Difference
from smoltalk.eval.page_answers import samples
from smoltalk.eval.page_charts import Curve, Dot, curves, intervals
from smoltalk.eval.page_parts import Page, Section
from smoltalk.eval.results import Duel, Results, Score, Versus
from smoltalk.eval.task import Mark
from smoltalk.eval.written import differing, doubt, estimated, interval, number, p_value, points_of, verdict
from smoltalk.reporting.charts import NARROW, WIDE
from smoltalk.reporting.charts_bars import Piece
from smoltalk.reporting.charts_figure import Figure
from smoltalk.reporting.page_tables import Column, Table
from smoltalk.reporting.page_text import span

_COLOURS = ("accepted", "rejected", "third", "fourth", "fifth", "failed")


def page(of: Results, marks: Mapping[tuple[str, str], Sequence[Mark]], trainings: Sequence[Training] = ()) -> Page:
    """All of an evaluation; `trainings` are the histories that lie beside the models."""
    names = [one["name"] for one in of.models]
    tasks = [_task(of, task, names, marks) for task in of.tasks]
    sections = [one for one in (_beside(of), *tasks, _trained(trainings), _models(of)) if one]
    tiles = [
        (f"{len(names)}", "models" if len(names) > 1 else "model"),
        (f"{len(of.tasks)}", "tasks" if len(of.tasks) > 1 else "task"),
    ]
    tiles.append((f"{sum(map(len, marks.values())):,}", "items marked"))
    lead = "Figures with their 95 % intervals: what would come of other items of the same kind lies there."
    footer = f"{span(of.seconds)} in the last call; {of.kept:,} replies were kept from earlier ones."
    return Page(" and ".join(names[:3]) + ": what they can do" if len(names) > 1 else f"{names[0]}: what it can do",
                lead, tiles, list(remarks(of)), sections, footer)  # fmt: skip


def remarks(of: Results) -> Iterator[str]:
    """What may be said of two models, a sentence for each task, and what no figure says anything of."""
    for pair in of.versus:
        if _is_first(of, pair):
            test = f"{p_value(pair.adjusted)} of {pair.difference.items:,} items"
            said = verdict(pair.difference, pair.adjusted, pair.lower)
            differs = differing(pair.difference, pair.unit)
            what = pair.task if pair.task == pair.metric else f"{pair.task}, {pair.metric}"
            told = f"{what}: {pair.model} {differs} against {pair.against}"
            yield f"{told}: {said} ({test})"
    for duel in of.duels:
        if duel.metric == "win rate" and duel.p is not None:
            better = "wins" if duel.estimate.value > 0.5 else "loses"
            p = duel.p if duel.adjusted is None else duel.adjusted
            said = better if p < 0.05 else f"cannot be told apart{_doubt(duel, p)}"
            figure = f"{estimated(duel.estimate, '%')} against {duel.against}"
            yield f"{duel.task}: {duel.model} wins {figure}{_besides(of, duel)}: {said} ({p_value(p)})"
    for one in of.left_out:
        if one.task.endswith(": verdicts"):
            many = f"{one.items:,} of {one.of:,} prompts of {one.model}"
            yield f"{one.task.removesuffix(': verdicts')}: the judge's replies could not be read for {many}"
            continue
        said = f"{one.items:,} of {one.of:,} items of {one.model} are in no figure"
        yield f"{one.task}: {said}{': ' if one.why else ''}{one.why}"


def _is_first(of: Results, one: Versus) -> bool:
    return one is next(other for other in of.versus if (other.task, other.model) == (one.task, one.model))


def _doubt(won: Duel, p: float) -> str:
    """As of two figures that differ: half of the prompts is what two models that are alike win."""
    of = won.estimate
    return doubt(Difference(of.value - 0.5, of.low - 0.5, of.high - 0.5, won.p or 0.0, of.items), p)


def _besides(of: Results, won: Duel) -> str:
    """What else there is to know of a win rate."""
    also = {one.metric: one.estimate for one in of.duels if (one.task, one.model) == (won.task, won.model)}
    said = ""
    if length := also.get("length-controlled win rate"):
        said += f", {estimated(length, '%')} at equal length"
    if agreement := also.get("agreement"):
        said += f", where the judge agrees with itself on {number(agreement.value, '%')}"
    return said


def _task(
    of: Results, task: str, names: Sequence[str], marks: Mapping[tuple[str, str], Sequence[Mark]]
) -> Section | None:
    mine = [one for one in of.scores if one.task == task]
    if not mine:
        return None
    figures = [_figure(metric, [one for one in mine if one.metric == metric and not one.group])
               for metric in dict.fromkeys(one.metric for one in mine)]  # fmt: skip
    figures += list(_by_group(mine, names))
    rows = [
        (one.metric, one.group or "all", one.model, number(one.estimate.value, one.unit),
         interval(one.estimate.low, one.estimate.high, one.unit), f"{one.estimate.items:,}")
        for one in mine
    ]  # fmt: skip
    columns = [Column("metric", False), Column("of", False), Column("model", False)]
    columns += [Column("figure"), Column("95 % interval"), Column("items")]
    table = Table("All figures", columns, rows, len(rows) > 6)
    return Section(task, _given(of.tasks[task]), figures, [table], list(samples(task, names, marks)))


def _given(identity: Mapping[str, Any]) -> str:
    """Which task it is, and of its fields what was said."""
    from smoltalk.eval.naming import task_class, task_names

    classes = {task_class(name).__name__: (name, task_class(name)) for name in task_names()}
    name, cls = classes.get(str(identity.get("task")), (str(identity.get("task", "")), None))
    known = cls.model_fields if cls else {}
    defaults = {key: field.get_default(call_default_factory=True) for key, field in known.items()}
    said = {key: value for key, value in identity.items() if key not in ("task", "files")}
    given = {key: value for key, value in said.items() if value is not None}
    shown = [f"{key}: {_told(value)}" for key, value in given.items() if value != _plainly(defaults.get(key))]
    return ", ".join([name, *shown])


def _plainly(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _told(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value) or '""'


def _figure(metric: str, scores: Sequence[Score]) -> Figure:
    dots = [
        Dot(one.model, *_scaled(one), f"{one.model}: {estimated(one.estimate, one.unit)}", place % len(_COLOURS))
        for place, one in enumerate(scores)
    ]
    unit = "%" if scores[0].unit == "%" else scores[0].unit
    better = {True: " Less is better.", False: " More is better.", None: ""}[scores[0].lower]
    says = f"{metric}: " + "; ".join(dot.told for dot in dots)
    told = ", ".join(estimated(one.estimate, one.unit) for one in scores[:6])
    return Figure(metric, f"{told}.{better}", intervals(dots, unit, says))


def _by_group(scores: Sequence[Score], names: Sequence[str]) -> Iterator[Figure]:
    grouped = [one for one in scores if one.group]
    if not grouped:
        return
    dots = [
        Dot(f"{one.group} · {one.model}" if len(names) > 1 else one.group, *_scaled(one),
            f"{one.group}, {one.model}: {estimated(one.estimate, one.unit)}", names.index(one.model) % len(_COLOURS))
        for one in sorted(grouped, key=lambda one: one.group)
    ]  # fmt: skip
    legend = [Piece(name, _COLOURS[place % len(_COLOURS)]) for place, name in enumerate(names)]
    caption = "The same by group. Few items make a wide interval: what overlaps widely is not known to differ."
    unit = grouped[0].unit
    draw = partial(intervals, dots, unit, f"{grouped[0].metric} by group")
    yield Figure.across(f"{grouped[0].metric}, by group", caption, draw, legend if len(names) > 1 else ())


def _scaled(one: Score) -> tuple[float, float, float]:
    by = 100 if one.unit == "%" else 1
    return one.estimate.value * by, one.estimate.low * by, one.estimate.high * by


def _beside(of: Results) -> Section | None:
    if not of.versus and not of.duels:
        return None
    figures = []
    for unit in dict.fromkeys(one.unit for one in of.versus):
        some, by = [one for one in of.versus if one.unit == unit], 100 if unit == "%" else 1
        dots = [
            Dot(_what(one) + (f" · {one.model}" if len(of.models) > 2 else ""),
                by * one.difference.value, by * one.difference.low, by * one.difference.high,
                f"{one.model}: {differing(one.difference, unit)}")
            for one in some
        ]  # fmt: skip
        caption = (
            f"{some[0].model if len(of.models) == 2 else 'Each model'} less {some[0].against}, item by item. Right of "
            f"the line is more{_less(some)}. An interval that does not touch the line is likely a difference that "
            "other items would show too; what is said above goes by the p-value, adjusted for how many were looked at "
            "(Holm)"
        )
        unit_said = "percentage points" if unit == "%" else unit
        draw = partial(intervals, dots, unit_said, "differences between models", zero=True)
        figures.append(Figure("", f"{caption}.", draw(width=NARROW), draw(width=WIDE)))
    heads = "model|against|task|metric|#difference|#95 % interval|#p|#adjusted p|#items"
    rows = [
        (one.model, one.against, one.task, one.metric, points_of(one.difference.value, one.unit),
         interval(one.difference.low, one.difference.high, one.unit, True), f"{one.difference.p:.2g}",
         f"{one.adjusted:.2g}", f"{one.difference.items:,}")
        for one in of.versus
    ]  # fmt: skip
    tables = [_table("Differences", heads, rows)] if rows else []
    if of.duels:
        judged = [
            (one.model, one.against, one.task, one.metric, estimated(one.estimate, "%"),
             "–" if one.p is None else f"{one.p:.2g}", f"{one.estimate.items:,}")
            for one in of.duels
        ]  # fmt: skip
        tables.append(_table(f"As judged by {of.judge}", "model|against|task|metric|#figure|#p|#prompts", judged))
    return Section("Side by side", "", figures, tables)


def _what(one: Versus) -> str:
    """Room is scarce: a metric that says its task's name says it once."""
    return one.metric if one.metric.startswith(one.task) else f"{one.task}: {one.metric}"


def _less(of: Sequence[Versus]) -> str:
    """Of what more is worse."""
    named = dict.fromkeys(one.metric for one in of if one.lower)
    return f"; of {' and '.join(named)}, less is better" if named else ""


def _table(title: str, heads: str, rows: Sequence[Sequence[str]]) -> Table:
    columns = [Column(head.removeprefix("#"), head.startswith("#")) for head in heads.split("|")]
    return Table(title, columns, rows)


def _trained(trainings: Sequence[Training]) -> Section | None:
    figures = []
    metrics = dict.fromkeys(name for one in trainings for name in one.curves)
    for metric in metrics:
        lines = [Curve(one.name, one.curves[metric]) for one in trainings if metric in one.curves]
        legend = [Piece(line.label, _COLOURS[place % len(_COLOURS)]) for place, line in enumerate(lines)]
        caption = "As the trainer measured it, on what it was given to evaluate on." if "held-out" in metric else ""
        drawing = curves(lines, metric, f"{metric} over the steps of training")
        figures.append(Figure(metric, caption or "As the trainer measured it.", drawing, None, legend))
    return Section("While it was trained", "", figures) if figures else None


def _models(of: Results) -> Section:
    rows = [(one["name"], one["given"], one["plan"]) for one in of.models]
    return Section("Models", "", (), [_table("", "model|as it was named|ran as", rows)])
