"""`smoltalk check`: every mistake of a pipeline before anything starts."""

from pathlib import Path
from typing import Annotated

import typer

from smoltalk.cli.opening import Rehearse, Setting, settings_of
from smoltalk.cli.screen import say


def check(
    pipelines: Annotated[list[Path], typer.Argument(metavar="PIPELINE...", help="Pipeline YAMLs.")],
    sets: Setting = None,
    rehearse: Rehearse = False,
) -> None:
    """Say every mistake by line, or what will be done.

    Starts no model and needs no network.
    """
    from smoltalk.errors import Problem, UserError
    from smoltalk.pipeline import describe, load
    from smoltalk.pipeline.rehearsal import has_rehearsal, rehearsal

    settings = settings_of(sets)
    problems: list[Problem] = []
    said = 0
    for path in pipelines:
        try:
            pipeline = load(path, settings)
            if rehearse or has_rehearsal(pipeline.text):
                small = load(path, rehearsal(path) | settings)
                pipeline = small if rehearse else pipeline
            text = describe(pipeline)
        except UserError as error:
            problems += error.problems
            continue
        say(f"\n{text}" if said else text)
        said += 1
    if problems:
        raise UserError(problems)
