"""A source that others may change, at one commit: the first session looks which, and every later one reads the same."""

import json
from contextlib import closing
from dataclasses import replace
from typing import Protocol, runtime_checkable

from smoltalk.contracts import Source
from smoltalk.pipeline import Pipeline
from smoltalk.run import database
from smoltalk.run.folder import RunFolder

_KEY = "pinned"


@runtime_checkable
class Pinnable(Protocol):
    """A source that can be read at one commit."""

    def pinned(self, commit: str | None) -> "tuple[Source, str | None]":
        """The same source at this commit, or at the one there is now; the commit, None where there is none.

        Raises `WorldError` where nobody can say.
        """


def pinned(pipeline: Pipeline, folder: RunFolder) -> Pipeline:
    """The pipeline with its source at the commit that earlier sessions of this run read; the first asks for it.

    A source that is edited is another one, and is asked anew. Raises `WorldError`.
    """
    part = pipeline.source.part
    if not isinstance(part, Pinnable) or not isinstance(part, Source):
        return pipeline
    of = part.fingerprint()
    with closing(database.connect(folder.database, write=True)) as connection:
        before = json.loads(database.get_meta(connection, _KEY, "{}"))
        source, commit = part.pinned(before.get("commit") if before.get("of") == of else None)
        database.set_meta(connection, **{_KEY: json.dumps({"of": of, "commit": commit})})
    return replace(pipeline, source=replace(pipeline.source, part=source))
