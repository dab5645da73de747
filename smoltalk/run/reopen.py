"""A run's own pipeline, read back from its folder."""

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from smoltalk.errors import Problem, UserError
from smoltalk.pipeline import Pipeline, load
from smoltalk.run import database
from smoltalk.run.folder import RunFolder


def reopen(folder: RunFolder, settings: Mapping[str, str] | None = None) -> Pipeline:
    """The pipeline as it was run, with the settings it was run with and then `settings`.

    Its `path` is the file it came from, so that relative templates are found. Raises `UserError` when that file's
    parts are gone or there is no run, `WorldError` when it is damaged.
    """
    folder.must_exist()
    with closing(database.connect(folder.database)) as connection, database.sqlite_errors(folder.database):
        stored: dict[str, str] = json.loads(database.get_meta(connection, "settings", "{}"))
        path = Path(database.get_meta(connection, "path") or folder.pipeline)
    if not folder.pipeline.exists():
        hint = f"go on from the file it came from: smoltalk run {path} --out {folder.path}"
        raise UserError([Problem(str(folder.path), 0, "has a run.db, but its pipeline.yaml is gone", hint)])
    return replace(load(folder.pipeline, {**stored, **(settings or {})}, beside=path.parent), path=path)
