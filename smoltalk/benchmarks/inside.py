"""What is wrong inside of what a user names, found before anything is paid for: lines of items, specs, fingerprints."""

from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from smoltalk.benchmarks.against import wrong
from smoltalk.benchmarks.items import items_in
from smoltalk.benchmarks.named import Named, named
from smoltalk.benchmarks.shelf import place, refuse_unsound
from smoltalk.benchmarks.specs import spec_in
from smoltalk.errors import Problem, UserError

LIMIT = 4_000_000
"""Bytes up to which a file of items is read for a check, in half a second at most; a run reads any."""


def unsound(against: Sequence[str], fingerprints: bool = True, beside: Path | None = None) -> list[Problem]:
    """What would be refused once these are opened, beyond what `mistakes` says of their names.

    `fingerprints`: whether those are needed, so must be whole and of this version. One that is missing beside a spec
    is built, so it is no mistake.
    """
    meant, found = named([one for one in against if not wrong(one, beside)], beside)
    for one in meant:
        files = [one.path, one.path.with_suffix(".npz")] if one.path else [place(one.name)]
        state = tuple((str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files if f is not None and f.is_file())
        found += _inside(one, fingerprints, state)
    return found


@lru_cache(maxsize=256)
def _inside(one: Named, fingerprints: bool, state: tuple[tuple[str, int, int], ...]) -> tuple[Problem, ...]:
    """Of one benchmark; `state` is that of its files, which are read once for all pipelines that name them."""
    try:
        if one.path is None:
            if fingerprints and state:
                refuse_unsound(one.name)
        elif one.items:
            if state and state[0][2] <= LIMIT:
                deque(items_in(one.items), maxlen=0)
        elif fingerprints and len(state) > 1:
            refuse_unsound(one.path)
        else:
            spec_in(one.path)
    except UserError as error:
        return tuple(error.problems)
    return ()
