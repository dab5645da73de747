"""What a user names (benchmarks, spec files, files of items) as fingerprints."""

import difflib
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from smoltalk.benchmarks.fingerprint import FORMAT, Fingerprint, read, save
from smoltalk.benchmarks.items import items_in
from smoltalk.benchmarks.named import SPECS, is_file, named, place_of
from smoltalk.benchmarks.shelf import beside_spec, load, own_folder, place
from smoltalk.benchmarks.specs import ITEMS, meant, spec_in
from smoltalk.benchmarks.wording import checksum
from smoltalk.errors import Problem, UserError
from smoltalk.words import VERSION as WORDS


def prints(against: Sequence[str], beside: Path | None = None) -> list[Fingerprint]:
    """Fingerprints of benchmarks by name, of spec files (.yaml) and of files of items (.jsonl), each once.

    Relative paths are of `beside`, a folder, or of the working directory. A spec's fingerprint is the `.npz` beside it,
    if there is one. Any other file's is built when it is first named and kept in `shelf.own_folder()` under the hash of
    its content. Raises `UserError` with every problem.
    """
    found: list[Fingerprint] = []
    all_meant, problems = named(against, beside)
    for one in all_meant:
        try:
            found.append(load(one.name) if one.path is None else _of_file(one.path))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(problems)
    return found


def lost(against: Sequence[str], beside: Path | None = None) -> dict[str, list[str]]:
    """Of files of items, what those are called that cannot be found: without words, or short and not telling.

    Only benchmarks with such items are in it. Raises `UserError`.
    """
    gone: dict[str, list[str]] = {}
    for one in named(against, beside)[0]:
        if one.items:
            gone[one.name] = list(_of_file(one.items).unfound)
    return {name: items for name, items in gone.items() if items}


def mistakes(against: Sequence[str], beside: Path | None = None) -> Iterator[str]:
    """What is wrong with these names, a sentence each, as far as it shows without reading a fingerprint."""
    for one in against:
        if problems := wrong(one, beside):
            yield from (f"{p.sentence}; {p.hint}" if p.hint else p.sentence for p in problems)
            continue
        known = () if is_file(one) else meant(one)
        for name in known:
            if place(name) is None:
                yield f"the fingerprint of `{name}` is missing; build it: smoltalk benchmarks build {name}"


def wrong(one: str, beside: Path | None = None) -> list[Problem]:
    """What is wrong with one name, as far as it shows without reading a file."""
    if is_file(one):
        return _no_file(place_of(one, beside))
    try:
        meant(one)
    except UserError as error:
        return error.problems
    return []


def _no_file(path: Path) -> list[Problem]:
    """Why this is neither a spec nor a file of items, if it is not."""
    if path.is_dir():
        return [Problem("", 0, f"{path} is a folder", ITEMS)]
    if path.suffix not in (*SPECS, ".jsonl"):
        what = f"{path} is neither a spec (.yaml) nor a file of items (.jsonl)"
        return [Problem("", 0, what if path.exists() else f"there is no file {path}", ITEMS)]
    return [] if path.is_file() else [Problem("", 0, f"there is no file {path}", _nearest_file(path))]


def _nearest_file(path: Path) -> str:
    """The file beside it that may be meant."""
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    beside = {one.stem: one.name for one in path.parent.iterdir() if one.suffix in (*SPECS, ".jsonl")}
    near = difflib.get_close_matches(path.stem, beside, n=1)
    return f"did you mean `{beside[near[0]]}`?" if near else ""


def _of_file(path: Path) -> Fingerprint:
    """The fingerprint of a file of items or of a spec: the one beside a spec, else built if no earlier one is kept."""
    if problems := _no_file(path):
        raise UserError(problems)
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError([Problem(str(path), 0, f"cannot be read: {reason}")]) from None
    if path.suffix in SPECS and path.with_suffix(".npz").is_file():
        return beside_spec(path)
    what = json.dumps([path.stem, FORMAT, WORDS, checksum()]).encode() + content
    kept = own_folder() / "files" / f"{hashlib.blake2b(what, digest_size=12).hexdigest()}.npz"
    try:
        if kept.is_file():
            return read(kept, path.stem, "")
    except UserError:
        pass  # it is built again from what the user named
    from smoltalk.benchmarks.build import build

    if path.suffix in SPECS:
        from smoltalk.benchmarks.hub import items_on_hub

        chosen = spec_in(path)
        items, origin = items_on_hub(chosen, str(path))
        made = build(path.stem, items, origin)
    else:
        made = build(path.stem, items_in(path), path.name)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        save(made, kept)
    except OSError:
        pass  # a cache that cannot be written only costs time
    return made
