"""`smoltalk dedup`: rows of any dataset that repeat an earlier row, set apart with the row they repeat."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.progress import Screen, amount, row_speed, tell_of_data, tell_unreadable
from smoltalk.cli.screen import count, say, span, table
from smoltalk.cli.setting_apart import Config, Data, Out, Revision, Split, going_on, of_files, similarity
from smoltalk.errors import Problem, UserError

if TYPE_CHECKING:
    from smoltalk.decontamination.folder import OutFolder
    from smoltalk.decontamination.hub import OnHub
    from smoltalk.deduplication import Job
    from smoltalk.deduplication.session import Progress, Result

_TEXT = 60
"""Characters of a cluster's text on the screen."""
_SIDES = (
    ("kept", "the first of each cluster, and rows like no other"),
    ("duplicates", "the others, each with the row it repeats"),
    ("unreadable", "lines as they were"),
)


class Way(StrEnum):
    """How rows are compared."""

    exact = "exact"
    near = "near"
    semantic = "semantic"


def dedup(
    data: Data,
    by: Annotated[
        Way, typer.Option(help="exact: but for case and space; near: shared word n-grams; semantic: close vectors.")
    ],
    out: Out,
    on: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Compare this column only; may be given often.  [default: messages]"),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="The similarity of duplicates.  [default: near 0.7, semantic 0.9]")
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="DATA", help="Rows of this dataset must not come again either; may be given often."),
    ] = None,
    ngram: Annotated[int | None, typer.Option(min=1, max=32, help="near: words in an n-gram.  [default: 3]")] = None,
    model: Annotated[
        str | None, typer.Option(help="semantic: a sentence-transformers model.  [default: hashed words]")
    ] = None,
    config: Config = None,
    split: Split = None,
    revision: Revision = None,
) -> None:
    """Keep the first of rows that say the same.

    Writes kept/ and duplicates/ (Parquet) and summary.json.
    """
    problems = _mistakes(by, threshold, model, ngram)
    from smoltalk.decontamination.folder import OutFolder
    from smoltalk.decontamination.parts import Files
    from smoltalk.deduplication import NGRAM, THRESHOLDS, Job, opened

    found: list[Files | OnHub] = []
    for named in (data, *([one] for one in against or ())):
        of_hub = (config, split or "train", revision) if named is data else ()
        try:
            found.append(opened(named, out, *of_hub))
        except UserError as error:
            problems += error.problems
            continue
        if named is data and isinstance(found[0], Files):
            problems += of_files(config, split, revision)
    if problems:
        raise UserError(problems)
    job = Job(
        found[0], by.value, tuple(on or ()), threshold or THRESHOLDS[by.value], tuple(found[1:]), ngram or NGRAM, model
    )
    folder = OutFolder(out, ("kept", "duplicates"))
    with going_on(folder):
        _go(job, folder)


def _mistakes(by: Way, threshold: float | None, model: str | None, ngram: int | None) -> list[Problem]:
    """Options that do not go together, or out of their range."""
    exact = "`--by exact`, where rows are the same or not"
    problems = list(similarity(threshold, exact if by is Way.exact else ""))
    if model is not None and by is not Way.semantic:
        problems.append(Problem("--model", 0, f"does not go with `--by {by}`, which compares words", "--by semantic"))
    if ngram is not None and by is not Way.near:
        problems.append(Problem("--ngram", 0, f"does not go with `--by {by}`, which counts no n-grams", "--by near"))
    return problems


def _go(job: "Job", folder: "OutFolder") -> None:
    from smoltalk.deduplication.session import dedup as run
    from smoltalk.deduplication.summary import summary

    for data in (job.data, *job.against):
        tell_of_data(data)
    screen = Screen()

    def conclude(done: "Job", result: "Result") -> None:
        folder.write(folder.summary, summary(done, result))

    result = run(job, folder, lambda progress: screen.see(lambda: _line(progress)), conclude)
    screen.end()
    _account(job, result, folder)


def _account(job: "Job", result: "Result", folder: "OutFolder") -> None:
    tally = result.tally
    if result.kept:
        say(f"{count(result.kept, 'part')} of an earlier call kept")
    text = f", {amount(tally.text_bytes)} of text" if tally.text_bytes else ""
    say(f"{count(tally.rows, 'row')}{text} compared in {span(result.seconds)}{row_speed(tally.rows, result.seconds)}")
    rows = [
        ("kept", f"{tally.kept:,}", ""),
        ("duplicates", f"{tally.duplicates:,}", _of_what(job, result)),
    ]
    if tally.unreadable:
        rows.append(("unreadable", f"{tally.unreadable:,}", "lines that are no rows, or of other types than the rest"))
    notes = [
        (tally.without_text, "with nothing to compare, so kept"),
        (tally.broken_text, "with half characters, which became \ufffd"),
    ]
    rows += [("", f"{number:,}", note) for number, note in notes if number]
    say("\n".join(table(rows, frozenset({1}))))
    tell_unreadable(tally.told, tally.unreadable)
    if result.clusters:
        say("\nrepeated most often: how many times, which row, by which first, and how that one begins")
        lines = [
            (
                f"{one.repeats:,}",
                f"{one.dataset}: {one.head}" if one.dataset else one.head,
                one.repeat,
                one.text[:_TEXT] + ("…" if len(one.text) > _TEXT else ""),
            )
            for one in result.clusters
        ]
        say("\n".join(table(lines, frozenset({0}))))
    say()
    paths = [(str(folder.path / side), what) for side, what in _SIDES if any((folder.path / side).glob("part-*"))]
    say("\n".join(table([*paths, (str(folder.summary), "the counts")])))


def _of_what(job: "Job", result: "Result") -> str:
    if not result.tally.duplicates:
        return ""
    said = f"that repeat {count(result.repeated, 'kept row')}"
    if not job.against:
        return said
    said = f"that repeat {count(result.repeated, 'row')}"
    return f"{said}; {result.tally.of_others:,} because of --against ({count(result.others, 'row')})"


def _line(progress: "Progress") -> str:
    tally = progress.tally
    line = f"{tally.rows:,} rows, {tally.duplicates:,} duplicates{row_speed(tally.rows, progress.seconds)}"
    if progress.size and tally.read_bytes:
        line = f"{tally.read_bytes / progress.size:4.0%}  {line}"
    return line
