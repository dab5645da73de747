"""Several processes that train one model: one of each machine reads and checks the rows, one training a folder."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from smoltalk.errors import WorldError
from smoltalk.train.checks import Checked, check
from smoltalk.train.loading import Rows, Tell, load
from smoltalk.train.recipe import Recipe
from smoltalk.train.template import Template, prepared
from smoltalk.train.writing import is_conversational

ROWS = "rows"
"""Folder of the rows that are trained on, while they are."""
_SPLITS = ("train", "test")


def is_first() -> bool:
    """Whether this process speaks for all, as accelerate and torchrun number them."""
    return os.environ.get("RANK", "0") == "0"


def shared(recipe: Recipe, folder: Path, tell: Tell) -> tuple[Rows, Checked, Template]:
    """Rows as `load` and `check` make them: by the first process of a machine, which calls this before the others.

    The others take its rows from disk; what was seen of them stays with the first. All have the same files, so that
    what TRL makes of them is made once. Raises as `load` and `check` do, `WorldError` where the first has failed.
    """
    place = int(os.environ.get("LOCAL_RANK", "0"))
    mine = folder / str(int(os.environ.get("RANK", "0")) - place)
    if place == 0:
        rows = load(recipe, mine, tell)
        checked, template = check(recipe, rows, tell)
        for name in _SPLITS:
            if (dataset := getattr(rows, name)) is not None:
                dataset.save_to_disk(str(mine / name), num_shards=1)
        return _taken(mine, rows), checked, template
    rows = _taken(mine, Rows(None, None, ""))
    checked = Checked(len(rows.train), len(rows.test or ()), 0, 0, 0, None)
    return rows, checked, prepared(recipe, is_conversational(recipe, rows.train))


def _taken(folder: Path, rows: Rows) -> Rows:
    from datasets import load_from_disk

    if not (folder / _SPLITS[0]).is_dir():
        raise WorldError("the first process found no rows to train on, and says why")
    for name in _SPLITS:
        setattr(rows, name, load_from_disk(str(folder / name)) if (folder / name).is_dir() else None)
    return rows


@contextmanager
def alone(out: Path, command: str) -> Iterator[None]:
    """`out` for one training at a time; the kernel lets go of it however the process ends. Left empty, it goes.

    Raises `WorldError` where another training has it, `OSError` where it cannot be made.
    """
    if not is_first():
        yield
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out, os.O_RDONLY)
    except OSError as error:
        raise WorldError(f"{out} cannot be made: {(error.strerror or str(error)).lower()}", command=command) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            sentence = f"another training is at work in {out}"
            raise WorldError(sentence, command=f"{command}, when it has ended") from error
        try:
            yield
        finally:
            shutil.rmtree(out / ROWS, ignore_errors=True)
            with suppress(OSError):
                out.rmdir()
    finally:
        os.close(descriptor)
