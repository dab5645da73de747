"""Where fingerprints are kept: the shipped ones in `decontam/`, those a user built in a folder of the user's."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from smoltalk.benchmarks.fingerprint import Fingerprint, Manifest, glance, read, save
from smoltalk.benchmarks.items import Item
from smoltalk.benchmarks.specs import Spec, folder, meant, spec, spec_in
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
    file = _of_ours(name)
    made = read(*file)
    _at_commit(spec(name), made.manifest, file)
    return made


def beside_spec(path: Path) -> Fingerprint:
    """The fingerprint beside a spec file. Raises `UserError`."""
    chosen, file = spec_in(path), _of_spec(path)
    made = read(*file)
    _at_commit(chosen, made.manifest, file)
    return made


def refuse_unsound(one: str | Path) -> None:
    """Raises what `load` of a name, or `beside_spec` of a path, would raise, without reading the arrays."""
    chosen, file = (spec(one), _of_ours(one)) if isinstance(one, str) else (spec_in(one), _of_spec(one))
    _at_commit(chosen, glance(*file), file)


class _File(NamedTuple):
    """Where a fingerprint is, whose it is to be, and what to do where it is none."""

    path: Path
    name: str
    remedy: str


def _of_ours(name: str) -> _File:
    shipped, own = folder() / f"{name}.npz", own_folder() / f"{name}.npz"
    command = f"smoltalk benchmarks build {name}"
    remedy = f"build it: {command}"
    if own.is_file():
        remedy = f"build it again: {command}"
        remedy += "; or delete it, and the shipped one is used" if shipped.is_file() else ""
    elif shipped.is_file():
        remedy = f"install smoltalk again, or build one of your own, which is read first: {command}"
    return _File(place(name) or shipped, name, remedy)


def _of_spec(path: Path) -> _File:
    remedy = f"build it again: smoltalk benchmarks build {path}; or delete it, and it is built when it is needed"
    return _File(path.with_suffix(".npz"), path.stem, remedy)


def _at_commit(chosen: Spec, told: Manifest, file: _File) -> None:
    """Raises `UserError` for a fingerprint of another commit than its spec pins."""
    pinned = told.pinned
    if read_from := re.fullmatch(r"(.+)@([0-9a-f]{40})", told.origin):
        pinned = read_from[2] if read_from[1] == chosen.dataset else pinned
    if pinned and chosen.revision and pinned != chosen.revision:
        why = f"was built from commit {pinned[:12]}, the spec pins {chosen.revision[:12]}, and is not used"
        raise UserError([Problem(str(file.path), 0, f"the fingerprint of `{file.name}` {why}", file.remedy)])


def rebuild(
    name: str, file: Path | None = None, origin: str = "", to: Path | None = None, force: bool = False
) -> tuple[Fingerprint, Path]:
    """Build a benchmark's fingerprint from the Hub or from a file of its items, and keep it in `own_folder()` or `to`.

    Returns it and its file. `name` may be the path of a spec; its fingerprint goes beside it. Items go by their number,
    whatever ids the file has. Raises `UserError`, also for a file that does not hold what the spec says, unless
    `force`; and `WorldError`.
    """
    from smoltalk.benchmarks.build import build
    from smoltalk.benchmarks.hub import items_on_hub
    from smoltalk.benchmarks.items import items_in

    name, place_of_spec = known(name)
    chosen = spec_in(place_of_spec)
    if place_of_spec.parent != folder():
        to = to or place_of_spec.parent
    if file:
        items, made_of = [item.model_copy(update={"id": ""}) for item in items_in(file)], origin or file.name
        if not force and (others := list(_others(chosen, items, file))):
            raise UserError(others)
    else:
        items, made_of = items_on_hub(chosen, str(place_of_spec))
    made = build(name, items, made_of)
    made = replace(made, manifest=made.manifest.model_copy(update={"pinned": chosen.revision}))
    path = (to or own_folder()) / f"{name}.npz"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(made, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError([Problem(str(path), 0, f"cannot be written: {reason}", "name a folder: --out")]) from None
    return made, path


def _others(chosen: Spec, items: Sequence[Item], file: Path) -> Iterator[Problem]:
    """Why these are not the spec's items: what looks for others would find nothing, and say so as if it had looked."""
    from smoltalk.benchmarks.hub import holds_example

    hint = "--force builds it all the same"
    if chosen.rows not in (None, len(items)):
        yield Problem(str(file), 0, f"holds {len(items):,} items; the spec says {chosen.rows:,}", hint)
    if not holds_example(chosen, items):
        yield Problem(str(file), 0, "does not hold the example of the spec, so these are other items", hint)


def known(name: str) -> tuple[str, Path]:
    """A benchmark's name and its spec, given the one or the path of the other. Raises `UserError`.

    Unlike in `--against`, one benchmark is meant: a name of several is refused with theirs.
    """
    if name.endswith((".yaml", ".yml")):
        path = Path(name).expanduser()
        if not path.is_file():
            raise UserError([Problem("", 0, f"there is no file {path}")])
        ours = path.parent.resolve() == folder().resolve()
        return path.stem, folder() / path.name if ours else path
    found = meant(name)
    if len(found) > 1:
        raise UserError([Problem("", 0, f"`{name}` are {len(found)} benchmarks", f"name one: {', '.join(found)}")])
    return found[0], folder() / f"{found[0]}.yaml"


def doubts(chosen: Spec, made: Fingerprint) -> Iterator[str]:
    """What differs between a fingerprint and its spec, a sentence each: fine for a copy from elsewhere."""
    if chosen.rows not in (None, made.manifest.rows):
        yield f"built from {made.manifest.rows:,} items; the spec says the Hub has {chosen.rows:,}"
