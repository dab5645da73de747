"""What the command line is given: a PIPELINE (a YAML, or the folder of its run) and `--set key.path=value`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.errors import Problem, UserError

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
