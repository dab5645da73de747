"""Runs a script of this folder in a process of its own, so that every figure starts from the same cold interpreter."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def measured(script: str, *arguments: object, folder: Path) -> dict[str, float]:
    """What `python -m bench.<script>` reports as the last line it prints: figures by name.

    `folder` also takes the caches that the libraries of either side would leave in the user's home. distilabel's log,
    a line a batch, is off: it would cost it time.
    """
    command = [sys.executable, "-W", "ignore", "-m", f"bench.{script}", *map(str, arguments)]
    quiet = {"HF_HUB_OFFLINE": "1", "DISTILABEL_LOG_LEVEL": "ERROR"}
    environment = os.environ | quiet | {"HF_HOME": str(folder / "hf")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def report(**figures: float) -> None:
    """The other end of `measured`: print the figures of this process, its peak memory in MB among them."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps(figures))


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk that runs are kept on: a sync costs here what it costs a user."""
    (ROOT / "runs").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "runs", prefix=".bench-") as folder:
        yield Path(folder)
