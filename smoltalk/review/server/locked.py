"""The server's own virtual environment: every package pinned by version and hash, made once and kept."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from smoltalk.errors import WorldError

LOCK = Path(__file__).with_name("requirements.lock")
"""Made by `pip-compile --generate-hashes` of `argilla-server==2.8.0` and `click<8.2`, which its commands need."""


def environment(tell: Callable[[str], None]) -> Path:
    """The environment's Python, made if need be. Raises `WorldError`; a half-made one is never used."""
    folder = _folder()
    python = folder / "bin" / "python"
    if made():
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "making").open("w") as making:
        fcntl.flock(making, fcntl.LOCK_EX)  # whoever comes second waits, and finds it made
        if not (folder / "ready").exists():
            tell("installing the Argilla server, once: about 600 MB, a minute or more")
            shutil.rmtree(folder, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(folder)], folder)
            _run(
                [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
                 "--no-deps", "-r", str(LOCK)],
                folder,
            )  # fmt: skip
            (folder / "ready").touch()
    return python


def made() -> bool:
    """Whether it is there already."""
    return (_folder() / "ready").exists()


def _folder() -> Path:
    digest = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    return _cache() / f"argilla-{digest}"


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        said = "\n    ".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise WorldError(f"the Argilla server cannot be installed:\n    {said}", command="smoltalk review serve")


def _cache() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "smoltalk"
