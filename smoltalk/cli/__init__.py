"""The command line, one module a verb. A verb imports what it needs when it is called, so that `--help` is instant."""

from collections.abc import Sequence
from typing import Annotated

import typer

from smoltalk import __version__
from smoltalk.cli import (
    ablate,
    benchmarks,
    check,
    classifier,
    decontaminate,
    dedup,
    diff,
    evaluate,
    mix,
    pairs,
    preview,
    push,
    report,
    review,
    run,
    schema,
    status,
    trace,
    train,
)
from smoltalk.cli.ending import ended

app = typer.Typer(
    name="smoltalk",
    help="One YAML in, a post-training dataset with balanced books out.",
    epilog="Exit codes: 0 done, 1 a fault of ours, 2 a mistake in your file or command, "
    "3 the world failed or fewer rows than asked, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    check.check, preview.preview, run.run, status.status, trace.trace, report.report, schema.schema,
    decontaminate.decontaminate, dedup.dedup, diff.diff, mix.mix, pairs.pairs, classifier.classifier, push.push,
):  # fmt: skip
    app.command()(verb)
app.command("eval")(evaluate.evaluate)
app.command()(ablate.ablate)
app.add_typer(benchmarks.app)
app.add_typer(review.app)
app.add_typer(train.app)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"smoltalk {__version__}")
        raise typer.Exit


@app.callback()
def _smoltalk(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    return ended(lambda: app(arguments, prog_name="smoltalk"))
