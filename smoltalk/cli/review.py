"""`smoltalk review`: people look at a run's rows, in Argilla or in a file, and what they say counts."""

from pathlib import Path
from typing import Annotated

import typer

from smoltalk.cli.opening import ARun
from smoltalk.cli.review_answers import By, booked, given, of_run, told_account, told_agreement, told_cuts
from smoltalk.cli.review_server import pull, push, serve
from smoltalk.cli.screen import count, say
from smoltalk.errors import Problem, UserError, WorldError

app = typer.Typer(name="review", help="Let people look at rows, and count what they say.", no_args_is_help=True)
for verb in (serve, push, pull):
    app.command()(verb)


@app.command()
def status(run: ARun) -> None:
    """Show how far the review of a run has come: who answered, what became of it, and how far people agree."""
    from smoltalk.review.findings import findings

    opened = of_run(run)
    found = findings(opened)
    say(f"{run}  {given(opened.answers())}")
    say(told_account(opened.account(), run, opened.books()))
    say(told_agreement(found))


@app.command()
def fit(run: ARun) -> None:
    """Propose cuts for gates from what people answered.

    Writes review.json into the run: agreement, and precision and recall for every cut of every score.
    """
    from smoltalk.review.findings import findings, write

    found = findings(of_run(run))
    if not found.decided:
        hint = f"smoltalk review push {run}   (or export), then pull"
        raise UserError([Problem(str(run), 0, "has no answers that a cut could be fitted to", hint)])
    say(told_cuts(found))
    try:
        path = write(of_run(run).folder, found)
    except OSError as error:
        raise WorldError(f"review.json cannot be written: {error.strerror}", "every answer, in run.db") from error
    say(f"\n  {path}  every cut's precision and recall")


@app.command()
def export(
    run: ARun,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to: .csv or .jsonl.")],
    sample: Annotated[int | None, typer.Option(min=1, help="Rows.  [default: the gate `human`, or 100]")] = None,
    by: Annotated[By | None, typer.Option(help="Which rows.  [default: the gate `human`, or random]")] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Without what scores and gates said.")] = False,
) -> None:
    """Write rows into a file that a person fills in, for people without Argilla."""
    from smoltalk.review.sheets import KINDS, sheet

    if out.suffix not in KINDS:
        raise UserError([Problem("--out", 0, f"{out} is neither .csv nor .jsonl", f"--out {out.with_suffix('.csv')}")])
    if out.exists():
        sentence = f"{out} is there already, and somebody may have filled it in"
        raise UserError([Problem("--out", 0, sentence, "name a new file")])
    opened = of_run(run)
    items = opened.items(opened.wanted(sample, by.value if by else None))
    try:
        out.write_text(sheet(items, out.suffix, blind), "utf-8", newline="")
    except OSError as error:
        raise WorldError(f"{out} cannot be written: {error.strerror}") from error
    say(f"{out}  {count(len(items), 'row')}")
    asked = "winner: a, b, tie or both_bad" if opened.pipeline.makes == "dpo" else "decision: keep, edit or drop"
    say(f"    fill in `{asked.partition(':')[0]}`{asked.partition(':')[1]}{asked.partition(':')[2]}")
    say(f"    then: smoltalk review import {run} {out} --reviewer NAME")


@app.command("import")
def import_(
    run: ARun,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of `review export`, filled in.")],
    reviewer: Annotated[str | None, typer.Option(help="Who filled in lines without a `reviewer`.")] = None,
) -> None:
    """Take the answers of a filled-in file into the books."""
    from smoltalk.review.sheets import read_sheet

    opened = of_run(run)
    try:
        answers = read_sheet(file, reviewer)
    except OSError as error:
        hint = f"a file of `smoltalk review export {run} --out FILE`, filled in"
        raise UserError([Problem(str(file), 0, f"cannot be read: {error.strerror}", hint)]) from error
    if not answers:
        raise UserError([Problem(str(file), 0, "has no line that was filled in", "fill in `decision` or `winner`")])
    booked(opened, answers, f"smoltalk review import {run} {file}")
