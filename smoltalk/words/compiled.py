"""The door to numba: functions compiled to machine code when they are first called, which run without the GIL.

The machine code is kept in the user's cache folder, under a name that changes with any compiled file: numba itself
looks only at the file a function stands in, not at those it calls.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import event

from smoltalk.catalog import user_cache
from smoltalk.words.compiling import WATCH

_COMPILED = ("words", "benchmarks", "duplicates", "mixture", "reporting")
"""Folders of the package with compiled functions."""


_MONTH = 30 * 86_400


def _version() -> str:
    package = Path(__file__).parents[1]
    sources = sorted(path for folder in _COMPILED for path in (package / folder).glob("*.py"))
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    for path in sources:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _folder(kept: Path) -> Path:
    """This version's, touched; those of others that were not used for a month are taken away."""
    own = kept / _version()
    with suppress(OSError):  # a cache that cannot be written only costs time
        own.mkdir(parents=True, exist_ok=True)
        os.utime(own)
        for other in kept.iterdir():
            if time.time() - other.stat().st_mtime > _MONTH:
                shutil.rmtree(other, ignore_errors=True)
    return own


numba.config.CACHE_DIR = str(_folder(user_cache() / "compiled"))  # type: ignore[attr-defined]


class _Listener(event.Listener):
    def on_start(self, event: object) -> None:
        WATCH.begin()

    def on_end(self, event: object) -> None:
        WATCH.end()


# What comes from the cache is no such event.
event.register("numba:compile", _Listener())  # type: ignore[no-untyped-call]

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """A function of numbers and arrays, compiled for the types it is called with."""
    return cast(F, numba.njit(cache=True, nogil=True)(function))


def inlined(function: F) -> F:
    """The same for a function of a line or two, copied into the functions that call it."""
    return cast(F, numba.njit(cache=True, nogil=True, inline="always")(function))
