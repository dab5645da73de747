"""The page of a training, drawn by a process of its own: where memory is short, the plotting library ends its process,
which must not be the one that holds a model."""

import subprocess
import sys
from pathlib import Path

from smoltalk.train.page import FILE, write_page
from smoltalk.train.results import read


def draw(out: Path) -> tuple[Path, str]:
    """`training.html` of the results in a folder, and why it could not be drawn: empty where it was."""
    done = subprocess.run([sys.executable, "-m", __name__, str(out)], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return out / FILE, ""
    said = [line for line in done.stderr.splitlines() if line.strip()]
    why = said[-1].strip()[:200] if said and done.returncode == 1 else "memory may be short"
    return out / FILE, f"{out / FILE} could not be drawn: {why}; the same command tries again"


if __name__ == "__main__":
    there = read(Path(sys.argv[1]))
    assert there is not None, "training.json is there"
    write_page(there, Path(sys.argv[1]))
