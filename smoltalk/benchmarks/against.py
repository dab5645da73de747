"""What a user names (benchmarks, spec files, files of items) as fingerprints."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from smoltalk.benchmarks.fingerprint import FORMAT, Fingerprint, read, save
from smoltalk.benchmarks.items import items_in
from smoltalk.benchmarks.shelf import load, own_folder, place
from smoltalk.benchmarks.specs import meant, spec_in
from smoltalk.errors import Problem, UserError
from smoltalk.words import VERSION as WORDS

_FILES = (".yaml", ".yml", ".jsonl")


def prints(against: Sequence[str], beside: Path | None = None) -> list[Fingerprint]:
    """Fingerprints of benchmarks by name, of spec files (.yaml) and of files of items (.jsonl), each once.

    Relative paths are of `beside`, a folder, or of the working directory. A file's fingerprint is built when it is
    first named and kept in `shelf.own_folder()` under the hash of its content. Raises `UserError` with every problem.
    """
    found: dict[str, Fingerprint] = {}
    problems: list[Problem] = []
    for one in against:
        try:
            if _is_file(one):
                path = _path(one, beside)
                found[str(path)] = found.get(str(path)) or _of_file(path)
            else:
                found |= {name: found.get(name) or load(name) for name in meant(one)}
        except UserError as error:
            problems += error.problems
    problems += [
        Problem(key, 0, f"two benchmarks are called `{name}`", "give one of the files another name")
        for name, key in _namesakes(found)
    ]
    if problems:
        raise UserError(problems)
    return list(found.values())


def _namesakes(found: Mapping[str, Fingerprint]) -> Iterator[tuple[str, str]]:
    """Names that an earlier benchmark has already: hits are counted and told by name."""
    seen: set[str] = set()
    for key, one in found.items():
        if one.manifest.name in seen:
            yield one.manifest.name, key
        seen.add(one.manifest.name)


def mistakes(against: Sequence[str], beside: Path | None = None) -> Iterator[str]:
    """What is wrong with these names, a sentence each, as far as it shows without reading a fingerprint."""
    for one in against:
        if _is_file(one):
            if not _path(one, beside).is_file():
                yield f"no file {_path(one, beside)}"
            continue
        try:
            known = meant(one)
        except UserError as error:
            yield from (f"{p.sentence}; {p.hint}" for p in error.problems)
            continue
        for name in known:
            if place(name) is None:
                yield f"the fingerprint of `{name}` is missing; build it: smoltalk benchmarks build {name}"


def _is_file(one: str) -> bool:
    return one.endswith(_FILES) or "/" in one


def _path(one: str, beside: Path | None) -> Path:
    path = Path(one).expanduser()
    return path if path.is_absolute() or beside is None else beside / path


def _of_file(path: Path) -> Fingerprint:
    """The fingerprint of a file of items or of a spec, built if no earlier one is kept."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError(
            [Problem(str(path), 0, f"cannot be read: {reason}", "a name has no `/` and no ending")]
        ) from None
    of_spec = path.suffix in (".yaml", ".yml")
    if not of_spec and path.suffix != ".jsonl":
        raise UserError([Problem(str(path), 0, "is neither a spec (.yaml) nor a file of items (.jsonl)")])
    what = json.dumps([path.stem, FORMAT, WORDS]).encode() + content
    kept = own_folder() / "files" / f"{hashlib.blake2b(what, digest_size=12).hexdigest()}.npz"
    try:
        if kept.is_file():
            return read(kept, path.stem, "")
    except UserError:
        pass  # it is built again from what the user named
    from smoltalk.benchmarks.build import build

    if of_spec:
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
