"""What commands share that part the rows of any dataset into a folder, and go on where an earlier call ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.ending import INTERRUPTED
from smoltalk.cli.screen import complain
from smoltalk.errors import Problem, WorldError

if TYPE_CHECKING:
    from smoltalk.decontamination.folder import OutFolder

Data = Annotated[
    list[str],
    typer.Argument(metavar="DATA...", help="JSON Lines or Parquet (files, folders, globs), a run, a Hub id."),
]
Out = Annotated[Path, typer.Option(help="The folder to write; one that was begun goes on.")]
Config = Annotated[str | None, typer.Option(help="Of a Hub dataset: its configuration.")]
Split = Annotated[str | None, typer.Option(help="Of a Hub dataset: its split.  [default: train]")]
Revision = Annotated[str | None, typer.Option(help="Of a Hub dataset: a commit, tag or branch.")]


def similarity(threshold: float | None, none_where: str) -> Iterator[Problem]:
    """What is wrong with `--threshold`; `none_where` says why it does not go with what else was given, or nothing."""
    if threshold is None:
        return
    if none_where:
        yield Problem("--threshold", 0, f"does not go with {none_where}")
    elif not 0 < threshold <= 1:
        yield Problem("--threshold", 0, f"{threshold:g} is not more than 0 and at most 1")


def of_files(config: str | None, split: str | None, revision: str | None) -> Iterator[Problem]:
    """What is wrong with options that only a dataset of the Hub has, where files are read."""
    for option, value in {"--config": config, "--split": split, "--revision": revision}.items():
        if value is not None:
            yield Problem(option, 0, "is of a dataset on the Hub, and DATA are files here", "leave it out")


@contextmanager
def going_on(folder: "OutFolder") -> Iterator[None]:
    """However the work ends early, its finished parts are kept, and the user is told."""
    try:
        yield
    except KeyboardInterrupt:
        complain(f"interrupted; finished parts are kept in {folder.path}\n    the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None
    except OSError as error:
        if not folder.path.is_dir():
            said = f"{folder.path} cannot be made: {(error.strerror or str(error)).lower()}"
            raise WorldError(said, "", "the same command, with another --out FOLDER") from error
        kept = f"finished parts, in {folder.path}" if folder.finished() else ""
        sentence = f"{error.filename or folder.path}: {error.strerror or error}"
        raise WorldError(sentence, kept, "the same command") from error
