"""Where fingerprints are kept: the shipped ones in `decontam/`, those a user built in a folder of the user's."""

import re
from collections.abc import Iterator
from pathlib import Path

from smoltalk.benchmarks.fingerprint import Fingerprint, read, save
from smoltalk.benchmarks.specs import Spec, folder, spec
from smoltalk.catalog import user_cache
from smoltalk.errors import Problem, UserError


def own_folder() -> Path:
    """Where a user's builds go."""
    return user_cache() / "benchmarks"


def place(name: str) -> Path | None:
    """The fingerprint file of a benchmark: the user's own build before the shipped one; None where there is neither."""
    both = (own_folder() / f"{name}.npz", folder() / f"{name}.npz")
    return next((path for path in both if path.is_file()), None)


def load(name: str) -> Fingerprint:
    """The fingerprint of one benchmark. Raises `UserError` where there is none that is whole, of this version and of
    the commit that the spec pins. A user's own build that is none of that is not passed over in silence."""
    shipped, own = folder() / f"{name}.npz", own_folder() / f"{name}.npz"
    command = f"smoltalk benchmarks build {name}"
    remedy = f"build it: {command}"
    if own.is_file():
        remedy = f"build it again: {command}"
        remedy += "; or delete it, and the shipped one is used" if shipped.is_file() else ""
    elif shipped.is_file():
        remedy = f"install smoltalk again, or build one of your own, which is read first: {command}"
    return of_spec(spec(name), name, place(name) or shipped, remedy)


def of_spec(chosen: Spec, name: str, path: Path, remedy: str) -> Fingerprint:
    """The fingerprint in a file, of this spec. Raises `UserError`; `remedy` is what that says."""
    made = read(path, name, remedy)
    read_from = re.fullmatch(r"(.+)@([0-9a-f]{40})", made.manifest.origin)
    if read_from and chosen.revision and read_from[1] == chosen.dataset and read_from[2] != chosen.revision:
        why = f"was built from commit {read_from[2][:12]}, the spec pins {chosen.revision[:12]}, and is not used"
        raise UserError([Problem(str(path), 0, f"the fingerprint of `{name}` {why}", remedy)])
    return made


def rebuild(name: str, file: Path | None = None, origin: str = "", to: Path | None = None) -> tuple[Fingerprint, Path]:
    """Build a benchmark's fingerprint from the Hub or from a file of its items, and keep it in `own_folder()` or `to`.

    Returns it and its file. Items go by their number, whatever ids the file has. Raises `UserError`, `WorldError`.
    """
    from smoltalk.benchmarks.build import build
    from smoltalk.benchmarks.hub import items_on_hub
    from smoltalk.benchmarks.items import items_in

    chosen = spec(name)
    if file:
        items, made_of = [item.model_copy(update={"id": ""}) for item in items_in(file)], origin or file.name
    else:
        items, made_of = items_on_hub(chosen, str(folder() / f"{name}.yaml"))
    made = build(name, items, made_of)
    path = (to or own_folder()) / f"{name}.npz"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(made, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError([Problem(str(path), 0, f"cannot be written: {reason}", "name a folder: --out")]) from None
    return made, path


def doubts(name: str, made: Fingerprint) -> Iterator[str]:
    """What differs between a fingerprint and its spec, a sentence each: fine for a copy from elsewhere."""
    expected = spec(name).rows
    if expected not in (None, made.manifest.rows):
        yield f"built from {made.manifest.rows:,} items; the spec says the Hub has {expected:,}"
