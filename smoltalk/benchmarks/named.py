"""What a user names, one by one: benchmarks of `decontam/`, spec files, files of items."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from smoltalk.benchmarks.shelf import place as fingerprint_of
from smoltalk.benchmarks.specs import folder, meant, names
from smoltalk.errors import Problem, UserError

SPECS = (".yaml", ".yml")
_FILES = (*SPECS, ".jsonl")


class Named(NamedTuple):
    """One benchmark."""

    name: str
    path: Path | None
    """The spec file or file of items; None for a benchmark of `decontam/`."""

    @property
    def items(self) -> Path | None:
        """Its file of items; None for a spec, or a name."""
        return self.path if self.path and self.path.suffix not in SPECS else None

    @property
    def spec(self) -> Path:
        """Its spec."""
        return self.path or folder() / f"{self.name}.yaml"


def is_file(one: str) -> bool:
    """Whether a file is meant: a name has no `/` and no ending."""
    return one.endswith(_FILES) or "/" in one


def place_of(one: str, beside: Path | None) -> Path:
    """The file that is meant; a relative path is of `beside`, or of the working directory."""
    path = Path(one).expanduser()
    return path if path.is_absolute() or beside is None else beside / path


def named(against: Sequence[str], beside: Path | None = None) -> tuple[list[Named], list[Problem]]:
    """Every benchmark that is meant, each once, and every mistake: an unknown name, two files of one name.

    A spec file of `decontam/` means the benchmark that it is of, where that has a fingerprint.
    """
    found: dict[Named, None] = {}
    problems: list[Problem] = []
    for one in against:
        try:
            found |= dict.fromkeys(_meant(one, beside))
        except UserError as error:
            problems += error.problems
    taken: set[str] = set()
    for each in found:
        if each.name in taken:
            sentence = f"two benchmarks are called `{each.name}`"
            problems.append(Problem(str(each.path or ""), 0, sentence, "give one of the files another name"))
        taken.add(each.name)
    return list(found), problems


def _meant(one: str, beside: Path | None) -> list[Named]:
    if not is_file(one):
        return [Named(name, None) for name in meant(one)]
    path = place_of(one, beside)
    of_ours = path.suffix in SPECS and path.stem in names() and path.parent.resolve() == folder().resolve()
    if of_ours and fingerprint_of(path.stem):
        return [Named(path.stem, None)]
    return [Named(path.stem, path)]
