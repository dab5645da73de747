"""`environment.json`: with what a run was made. No host name, user name, environment variable or absolute path."""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from importlib import metadata
from itertools import chain
from pathlib import Path

import orjson

from smoltalk import __version__
from smoltalk.pipeline import Pipeline
from smoltalk.redaction import redact_setting, shown_path
from smoltalk.run.database import get_meta
from smoltalk.text import neutralise

_DISTRIBUTION = "smoltalk-factory"
_ALSO = ("torch", "transformers", "vllm", "openai", "trl", "ray")
"""Worth recording when they are there, whatever installed them."""


def environment(
    pipeline: Pipeline, connection: sqlite3.Connection, commits: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """The file's text: JSON, sorted, the same for the same machine and run. `commits` are, of a mixture's sources on
    the Hub, `dataset` and `commit` by the source's name."""
    settings = {path: redact_setting(path, value) for path, value in pipeline.settings.items()}
    changes = [("--set", f"{name}={value}") for name, value in settings.items()]
    path = neutralise(shown_path(pipeline.path))
    found = {
        "smoltalk": __version__,
        "command": ["smoltalk", "mix" if pipeline.mixes else "run", path, *chain.from_iterable(changes)],
        "pipeline": {
            "name": pipeline.name,
            "path": path,
            "seed": pipeline.seed,
            "settings": settings,
            "commit": _commit(pipeline.path),
            "fingerprints": orjson.loads(get_meta(connection, "fingerprints", "{}")),
        },
        **({"sources": commits} if commits else _source(pipeline, connection)),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": {"system": platform.system(), "release": platform.release(), "machine": platform.machine()},
        "cpus": os.cpu_count(),
        "sqlite": sqlite3.sqlite_version,
        "packages": _packages(),
    }
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def _source(pipeline: Pipeline, connection: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """Of a dataset on the Hub: which, and the commit that was read."""
    commit = orjson.loads(get_meta(connection, "pinned", "{}")).get("commit")
    dataset = getattr(pipeline.source.part, "dataset", None)
    return {"source": {"dataset": dataset, "commit": commit}} if isinstance(dataset, str) and commit else {}


def _packages() -> dict[str, str]:
    """Versions of what this package requires, as far as it is installed."""
    try:
        required = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in metadata.requires(_DISTRIBUTION) or ()]
    except metadata.PackageNotFoundError:
        required = _requirements_of_checkout()
    found = {}
    for name in {*required, *_ALSO}:
        try:
            found[name.lower()] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _requirements_of_checkout() -> list[str]:
    """The package is run from its repository without being installed."""
    import tomllib

    file = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if not file.is_file():
        return []
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in project["dependencies"]]


def _commit(file: Path) -> str | None:
    """The commit checked out where the pipeline lies, if git is there and tracks the file."""
    git = shutil.which("git")
    if git is None or not _git(git, file, "ls-files", "--error-unmatch", "--", file.name):
        return None
    return _git(git, file, "rev-parse", "HEAD")


def _git(git: str, file: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            [git, *words], cwd=file.resolve().parent, capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
