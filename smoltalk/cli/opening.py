"""What the command line is given: a PIPELINE (a YAML, or the folder of its run) and `--set key.path=value`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.errors import Problem, UserError, WorldError

if TYPE_CHECKING:
    from smoltalk.pipeline import Pipeline
    from smoltalk.run.folder import RunFolder

Setting = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY.PATH=VALUE", help="Change one value of the pipeline; may be given often."),
]
Rehearse = Annotated[
    bool, typer.Option("--rehearse", help="Small and without its models: as the pipeline's own `rehearsal:` says.")
]
OwnFolder = Annotated[str | None, typer.Option("--out", help="The run's folder.  [default: runs/NAME]")]
Shown = Annotated[int, typer.Option("--show", min=0, help="Accepted rows to print at the end.")]
AnyPipeline = Annotated[Path, typer.Argument(metavar="PIPELINE", help="A pipeline YAML, or the folder of a run.")]
ARun = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]


def settings_of(given: Sequence[str] | None) -> dict[str, str]:
    """`["a.b=1"]` as `{"a.b": "1"}`. Raises `UserError` for one without `=`."""
    pairs = {text: text.partition("=") for text in given or ()}
    wrong = [
        Problem(f"--set {text}", 0, "write it as `key.path=value`")
        for text, (key, sign, _) in pairs.items()
        if not (sign and key)
    ]
    if wrong:
        raise UserError(wrong)
    return {key: value for key, _, value in pairs.values()}


def open_pipeline(path: Path, settings: dict[str, str], rehearse: bool = False) -> "tuple[Pipeline, RunFolder | None]":
    """The pipeline, and its run when `path` is the folder of one; `rehearse` goes with a file only."""
    from smoltalk.run.folder import RunFolder

    folder = RunFolder(path)
    if path.is_dir() and folder.exists():
        from smoltalk.run.reopen import reopen

        if rehearse:
            sentence = f"{path} is a run, and goes on as it was begun"
            raise UserError([Problem("--rehearse", 0, sentence, "give it the pipeline's file")])

        return reopen(folder, settings), folder
    from smoltalk.pipeline import load
    from smoltalk.pipeline.rehearsal import rehearsal

    return load(path, rehearsal(path) | settings if rehearse else settings), None


def folder_for(pipeline: "Pipeline", own: "RunFolder | None", out: str | None) -> "RunFolder":
    """The folder to write: the run's own, the one that is named, or that of the pipeline's name. Raises `UserError` for
    one that is somebody else's."""
    from smoltalk.run.folder import RunFolder
    from smoltalk.run.session import default_folder

    if out == "":
        raise UserError([Problem("--out", 0, "names no folder")])
    if own is None:
        folder = RunFolder(default_folder(pipeline) if out is None else Path(out))
        try:
            wrong = folder.unusable()
        except OSError as error:
            raise WorldError(f"{folder.path} cannot be looked into: {error.strerror}") from error
        if wrong:
            raise UserError([Problem("--out", 0, f"{folder.path} {wrong}", "name a new folder: --out FOLDER")])
        return folder
    if out is not None and Path(out).resolve() != own.path.resolve():
        sentence = f"{own.path} is a run already, and goes on where it is"
        raise UserError([Problem("--out", 0, sentence, f"for a new run: smoltalk run {pipeline.path} --out {out}")])
    return own


def mixes(path: Path) -> bool:
    """Whether PIPELINE has `mix:` in the place of steps. One that cannot be read has not; opening it tells why."""
    from smoltalk.pipeline.mixes import is_mixture

    file = path / "pipeline.yaml" if path.is_dir() else path
    try:
        return is_mixture(file.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return False


def with_rows(rows: int | None, settings: dict[str, str], key: str) -> dict[str, str]:
    """The settings with `--rows` under the key that it stands for."""
    if rows is None:
        return settings
    if key in settings:
        raise UserError([Problem("--rows", 0, f"says what `--set {key}` says already", "give one of them")])
    return settings | {key: str(rows)}
