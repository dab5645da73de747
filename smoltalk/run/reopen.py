"""A run's own pipeline, read back from its folder."""

import json
from collections.abc import Iterator, Mapping
from contextlib import chdir, closing
from dataclasses import replace
from pathlib import Path

from smoltalk.contracts import Source
from smoltalk.errors import Problem, RowFailed, UserError
from smoltalk.pipeline import Pipeline, Stock, load
from smoltalk.pipeline.labels import labelled_steps
from smoltalk.pipeline.mixes import is_mixture, mixture
from smoltalk.rows import Row
from smoltalk.run import database
from smoltalk.run.folder import RunFolder


def reopen(folder: RunFolder, settings: Mapping[str, str] | None = None) -> Pipeline:
    """The pipeline as it was run, with the settings it was run with and then `settings`.

    Its `path` is the file it came from and its `home` the working directory of its first session, so that relative
    templates and data are found from anywhere. Raises `UserError` when that file's parts are gone or there is no run,
    `WorldError` when it is damaged.
    """
    folder.must_exist()
    with closing(database.connect(folder.database)) as connection, database.sqlite_errors(folder.database):
        stored: dict[str, str] = json.loads(database.get_meta(connection, "settings", "{}"))
        path = Path(database.get_meta(connection, "path") or folder.pipeline)
        home = Path(database.get_meta(connection, "home") or Path.cwd())
    if not folder.pipeline.exists():
        hint = f"go on from the file it came from: smoltalk run {path} --out {folder.path}"
        raise UserError([Problem(str(folder.path), 0, "has a run.db, but its pipeline.yaml is gone", hint)])
    every = {**stored, **(settings or {})}
    if home == Path.cwd() or not home.is_dir():
        return replace(load(folder.pipeline, every, beside=path.parent), path=path)
    file = folder.pipeline.resolve()
    with chdir(home):
        return replace(_from_home(load(file, every, beside=path.parent)), path=path)


def _from_home(pipeline: Pipeline) -> Pipeline:
    """The pipeline with the files of its source named whole. Fingerprints of local files do not cover their place."""
    part = pipeline.source.part
    if isinstance(part, Stock):
        return pipeline
    if (mixed := mixture(pipeline)) is not None:
        return replace(pipeline, source=replace(pipeline.source, part=mixed.from_home()))
    said = {name: getattr(part, name, None) for name in ("path", "dataset")}
    found = {
        name: str(Path(place).absolute()) for name, place in said.items() if isinstance(place, str) and _is_there(place)
    }
    return replace(pipeline, source=replace(pipeline.source, part=part.model_copy(update=found)))


def _is_there(place: str) -> bool:
    try:
        return Path(place).exists()
    except (OSError, ValueError):
        return False


class Told(Source):
    """Stands for a source that cannot be read any more: the rows it bore are in the books."""

    columns: tuple[str, ...]

    def writes(self) -> frozenset[str]:
        return frozenset(self.columns)

    def size(self) -> int:
        return 0

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        return iter(())


def reopen_to_tell(folder: RunFolder) -> Pipeline:
    """The pipeline for telling what was: as `reopen`, and without its source when that is moved or changed."""
    folder.must_exist()
    try:
        return reopen(folder)
    except UserError as error:
        with closing(database.connect(folder.database)) as connection, database.sqlite_errors(folder.database):
            born = json.loads(database.get_meta(connection, "born_with", "[]"))
            names = json.loads(database.get_meta(connection, "fingerprints", "{}"))
        told = {f"{Told.__module__}.{Told.__qualname__}": {"columns": sorted({*born} - {"id", "source"})}}
        there = folder.pipeline.is_file()
        mixes = there and is_mixture(folder.pipeline.read_text(encoding="utf-8", errors="replace"))
        instead = {"mix": "null", "steps": json.dumps([told])} if mixes else {"steps.0": json.dumps(told)}
        try:
            pipeline = reopen(folder, instead)
        except UserError:
            raise error from None
        if not names.keys() >= {label for label, _ in labelled_steps(pipeline)}:
            raise
        return pipeline
