"""The page of a training, drawn by a process of its own: the one that trained holds a model."""

import sys
from pathlib import Path

from smoltalk.reporting.apart import apart
from smoltalk.train.page import FILE, write_page
from smoltalk.train.results import read


def draw(out: Path) -> tuple[Path, str]:
    """`training.html` of the results in a folder, and why it could not be drawn: empty where it was."""
    why = apart(__name__, str(out))
    return out / FILE, f"{out / FILE} could not be drawn: {why}; the same command tries again" if why else ""


if __name__ == "__main__":
    there = read(Path(sys.argv[1]))
    assert there is not None, "training.json is there"
    write_page(there, Path(sys.argv[1]))
