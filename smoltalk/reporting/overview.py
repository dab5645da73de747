"""What was run, with what, and how it ended."""

import json
import platform
import shlex
from importlib import metadata

from smoltalk import __version__
from smoltalk.redaction import redact, redact_setting, redact_yaml, shown_path
from smoltalk.reporting.findings import Overview
from smoltalk.reporting.reading import Opened
from smoltalk.text import neutralise

_PIPELINE = 60_000
_PACKAGES = ("vllm", "torch", "transformers", "openai", "distilabel", "pyarrow", "numba")


def overview(run: Opened, looked_at: int, took: float) -> Overview:
    """The head of the page; `looked_at` accepted rows took so many seconds."""
    pipeline, books = run.pipeline, run.books
    verb = "mix" if run.is_mixture else "run"
    settings = [f"{path}={redact_setting(path, value)}" for path, value in pipeline.settings.items()]
    changes = "".join(f" --set {shlex.quote(setting)}" for setting in settings)
    return Overview(
        name=pipeline.name,
        description=redact(pipeline.description),
        makes=pipeline.makes,
        licence=pipeline.licence or "",
        state=books.state,
        why=books.why,
        is_mixture=run.is_mixture,
        born=books.born,
        accepted=books.accepted,
        rejected=books.rejected,
        failed=books.failed,
        target=_asked(run),
        seconds=books.seconds,
        tokens_in=sum(one.get("tokens_in", 0) for one in books.engines.values()),
        tokens_out=sum(one.get("tokens_out", 0) for one in books.engines.values()),
        cost=books.cost,
        seed=pipeline.seed,
        command=f"smoltalk {verb} {neutralise(shown_path(pipeline.path))}{changes}",
        made_with=_made_with(run),
        pipeline=_text(pipeline.text),
        rows_looked_at=looked_at,
        gathered_in=took,
        pending=books.pending,
    )


def _asked(run: Opened) -> int | None:
    """Rows asked for; of a mixture, the sum over its sources where each was asked for a number."""
    each = [one.asked for one in run.sources()] if run.is_mixture else []
    return sum(one for one in each if one is not None) if each and None not in each else run.books.target


def _text(text: str) -> str:
    text = redact_yaml(text)
    return text if len(text) <= _PIPELINE else text[:_PIPELINE] + "\n# ... (cut here)"


def _made_with(run: Opened) -> list[tuple[str, str]]:
    """From the run's own environment.json; of an unfinished run, this machine's."""
    try:
        found = json.loads(run.folder.environment.read_text("utf-8"))
        packages = found.get("packages", {})
        system = " ".join(str(found.get("platform", {}).get(key, "")) for key in ("system", "machine"))
        told = [
            ("smoltalk", found.get("smoltalk", "")),
            ("python", found.get("python", "")),
            ("system", system.strip()),
        ]
        return [(name, str(value)) for name, value in told if value] + [
            (name, str(packages[name])) for name in _PACKAGES if name in packages
        ]
    except (OSError, ValueError, AttributeError):
        there = []
        for name in _PACKAGES:
            try:
                there.append((name, metadata.version(name)))
            except metadata.PackageNotFoundError:
                continue
        return [("smoltalk", __version__), ("python", platform.python_version()), *there]
