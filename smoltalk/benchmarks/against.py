"""What a user names (benchmarks, spec files, files of items) as fingerprints."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from smoltalk.benchmarks.fingerprint import FORMAT, Fingerprint, read, save
from smoltalk.benchmarks.items import items_in
from smoltalk.benchmarks.named import SPECS, is_file, named, place_of
from smoltalk.benchmarks.shelf import load, of_spec, own_folder, place
from smoltalk.benchmarks.specs import meant, spec_in
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


def mistakes(against: Sequence[str], beside: Path | None = None) -> Iterator[str]:
    """What is wrong with these names, a sentence each, as far as it shows without reading a fingerprint."""
    for one in against:
        if is_file(one):
            if not place_of(one, beside).is_file():
                yield f"no file {place_of(one, beside)}"
            continue
        try:
            known = meant(one)
        except UserError as error:
            yield from (f"{p.sentence}; {p.hint}" for p in error.problems)
            continue
        for name in known:
            if place(name) is None:
                yield f"the fingerprint of `{name}` is missing; build it: smoltalk benchmarks build {name}"


def _of_file(path: Path) -> Fingerprint:
    """The fingerprint of a file of items or of a spec: the one beside a spec, else built if no earlier one is kept."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError(
            [Problem(str(path), 0, f"cannot be read: {reason}", "a name has no `/` and no ending")]
        ) from None
    if path.suffix in SPECS and path.with_suffix(".npz").is_file():
        return of_spec(spec_in(path), path.stem, path.with_suffix(".npz"), "delete it, and it is built from the Hub")
    if path.suffix not in (*SPECS, ".jsonl"):
        raise UserError([Problem(str(path), 0, "is neither a spec (.yaml) nor a file of items (.jsonl)")])
    what = json.dumps([path.stem, FORMAT, WORDS]).encode() + content
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
