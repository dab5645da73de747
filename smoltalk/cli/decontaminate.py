"""`smoltalk decontaminate`: rows of any dataset that hold benchmark items, set apart with their evidence."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from smoltalk.cli.progress import Screen, amount, tell_of_data, tell_unreadable, text_speed
from smoltalk.cli.screen import complain, count, say, span, table
from smoltalk.cli.setting_apart import Config, Data, Out, Revision, Split, going_on, of_files, similarity
from smoltalk.decontamination import Method
from smoltalk.errors import Problem, UserError, nearest

if TYPE_CHECKING:
    from smoltalk.decontamination.folder import OutFolder
    from smoltalk.decontamination.hub import OnHub
    from smoltalk.decontamination.parts import Files
    from smoltalk.decontamination.session import Job, Progress, Result


def decontaminate(
    data: Data,
    out: Out,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A,B,...",
            help="Benchmarks by name, specs (.yaml), files of items (.jsonl); also often.  "
            "[default: all, which are those that ship]",
        ),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="coverage: the score from which on a row holds an item.  [default: 0.5]")
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            metavar=f"[{'|'.join(get_args(Method))}]",
            help="Ours, or a published one, which needs the items' text: from the Hub, or a .jsonl.",
        ),
    ] = "coverage",
    of: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Look at this column only; may be given often.")
    ] = None,
    dataset_report: Annotated[bool, typer.Option("--dataset-report", help="Print each benchmark's share.")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads.  [default: all cores]")] = None,
    config: Config = None,
    split: Split = None,
    revision: Revision = None,
) -> None:
    """Set rows apart that hold benchmark questions, and show why.

    Writes clean/ and contaminated/ (Parquet), summary.json and report.html.
    """
    from smoltalk.benchmarks.specs import ALL
    from smoltalk.decontamination.folder import OutFolder
    from smoltalk.decontamination.parts import Files

    names, problems = _names(against or [ALL], threshold, method)
    try:
        found = _data(data, out, config, split, revision)
    except UserError as error:
        raise UserError([*problems, *error.problems]) from None
    if isinstance(found, Files):
        problems += of_files(config, split, revision)
    if problems:
        raise UserError(problems)
    from smoltalk.decontamination.session import THRESHOLD, Job

    by = cast(Method, method)  # or it was a problem
    job = Job(found, names, by, threshold or THRESHOLD, tuple(of or ()), threads or len(os.sched_getaffinity(0)))
    folder = OutFolder(out)
    with going_on(folder):
        _go(job, folder, dataset_report)


def _names(against: Sequence[str], threshold: float | None, method: str) -> tuple[tuple[str, ...], list[Problem]]:
    """The benchmarks, and what is wrong with them, with the threshold and with the method."""
    from smoltalk.benchmarks.against import wrong

    methods = get_args(Method)
    published = method in methods and method != "coverage"
    problems = list(similarity(threshold, f"`--method {method}`, which has its own" if published else ""))
    if method not in methods:
        problems.append(Problem("--method", 0, f"there is no `{method}`", nearest(method, methods)))
    listed = [name.strip() for names in against for name in names.split(",")]
    names = tuple(dict.fromkeys(name for name in listed if name))
    if not names:
        problems.append(Problem("--against", 0, "names no benchmark", "smoltalk benchmarks list"))
    problems += [Problem("--against", 0, one.sentence, one.hint) for name in names for one in wrong(name)]
    return names, problems


def _data(data: list[str], out: Path, config: str | None, split: str | None, revision: str | None) -> "Files | OnHub":
    from smoltalk.decontamination.parts import files

    found = files(data, out)
    if found is not None:
        return found
    from smoltalk.decontamination.hub import OnHub

    return OnHub(data[0], config, split or "train", revision)


def _go(job: "Job", folder: "OutFolder", dataset_report: bool) -> None:
    from smoltalk.benchmarks.against import lost
    from smoltalk.decontamination.items import private_texts, whereabouts
    from smoltalk.decontamination.report import write_report
    from smoltalk.decontamination.session import decontaminate as run
    from smoltalk.decontamination.summary import summary

    tell_of_data(job.data)
    gone = lost(job.against) if job.method == "coverage" else {}
    screen = Screen()

    def conclude(result: "Result") -> None:
        folder.write(folder.summary, summary(result.job, result, gone))
        write_report(result.job, result, folder, whereabouts(job.against), private_texts(job.against))

    result = run(job, folder, lambda progress: screen.see(lambda: _line(progress)), conclude)
    screen.end()
    for name, items in gone.items():
        complain(_lost(name, items, result.sizes[name]))
    _account(result, folder, dataset_report)


def _lost(name: str, items: Sequence[str], of: int) -> str:
    """`2 of 40 items of exam cannot be found: q7, q9`."""
    more = f" and {len(items) - _LOST:,} more" if len(items) > _LOST else ""
    why = "they have no words, or few that are no one's own; choices or a passage would help"
    return f"{len(items):,} of {of:,} items of {name} cannot be found: {', '.join(items[:_LOST])}{more}\n    {why}"


_LOST = 10
"""Items that cannot be found which are named on the screen; the summary names all."""


def _account(result: "Result", folder: "OutFolder", dataset_report: bool) -> None:
    from smoltalk.decontamination.summary import shares
    from smoltalk.decontamination.work import MOST

    tally = result.tally
    if result.kept:
        say(f"{count(result.kept, 'part')} of an earlier call kept")
    speed = text_speed(result.bytes_now, result.seconds)
    text = f"{amount(tally.text_bytes)} of text"
    say(f"{count(tally.rows, 'row')}, {text} looked through in {span(result.seconds)}{speed}")
    told = [
        ("clean", tally.clean, ""),
        ("contaminated", tally.contaminated, ""),
        ("unreadable", tally.unreadable, "lines that are no rows, or of other types than the rest"),
    ]
    notes = [
        (tally.without_text, "without any text, so clean"),
        (tally.broken_text, "with half characters or broken UTF-8"),
        (tally.long, "with more than 1 MB of text"),
        (tally.more_items, f"with more than {MOST} items, of which the best {MOST} are written down"),
        (tally.uncounted, "with so many items that there may be more: items held are at least these"),
    ]
    rows = [(name, f"{number:,}", note) for name, number, note in told if number or not note]
    rows += [("", f"{number:,}", note) for number, note in notes if number]
    say("\n".join(table(rows, frozenset({1}))))
    tell_unreadable(tally.told, tally.unreadable)
    listed = shares(result)
    if dataset_report:
        say(
            "\nitems held of each benchmark, each counted once; over 2 % is too much by Tülu 3's rule\n"
            "(a row that holds one of several items with nearly the same words counts for all of them)"
        )
        lines = [
            (
                one.benchmark,
                f"{one.hit:,}",
                f"of {one.items:,}",
                f"{100 * one.share:.2f} %",
                "over 2 %" if one.too_much else "",
            )
            for one in listed
        ]
        say("\n".join(table(lines, frozenset({1, 2, 3}))))
    elif any(one.hit for one in listed):
        say()
        found = [
            (
                one.benchmark,
                f"{one.rows:,}",
                "row holds" if one.rows == 1 else "rows hold",
                f"{one.hit:,}",
                f"of {one.items:,} items",
            )
            for one in listed
            if one.hit
        ]
        say("\n".join(table(found, frozenset({1, 3}))))
    say()
    said = {"contaminated": f"rows with evidence{_in_column(folder)}"}
    paths = [(str(folder.path / side), said.get(side, what)) for side, what in _SIDES if (folder.path / side).is_dir()]
    paths += [(str(folder.report), "the spans, side by side"), (str(folder.summary), "the counts")]
    say("\n".join(table(paths)))


def _in_column(folder: "OutFolder") -> str:
    """The column that holds the evidence, where the input has one of its name."""
    from smoltalk.decontamination.report import evidence_column
    from smoltalk.decontamination.work import EVIDENCE

    name = evidence_column(folder)
    return f", in the column `{name}`" if name != EVIDENCE else ""


_SIDES = (("clean", "rows to keep"), ("contaminated", "rows with evidence"), ("unreadable", "lines as they were"))


def _line(progress: "Progress") -> str:
    tally = progress.tally
    line = f"{tally.rows:,} rows, {tally.contaminated:,} contaminated{text_speed(progress.bytes_now, progress.seconds)}"
    if progress.size and tally.read_bytes:
        line = f"{tally.read_bytes / progress.size:4.0%}  {line}"
    return line
