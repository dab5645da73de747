"""Small pipelines for the tests of `run/`, written as a user would write them."""

import textwrap
from pathlib import Path

from smoltalk.pipeline import Pipeline, load
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import Books
from smoltalk.run.session import go

PIPELINE = """
name: small
engines:
  writer: {tests.run.scripted.Scripted: {}}
  judge: {tests.run.scripted.Scorer: {}}
target: {accepted: 40, max_attempts: 400}
rows_in_flight: 16
steps:
  - magpie: {engine: writer, turns: 2, categories: {a: {weight: 3, system: be a}, b: {weight: 1, system: be b}}}
  - ask: {engine: writer, template: rate_quality}
  - score: {engine: judge}
gates:
  - complete: {}
  - one_of: {column: quality, values: [good, excellent, average]}
  - at_least: {column: reward, value: 44}
keep: [reward, quality, category]
"""


def written(folder: Path, text: str = PIPELINE, **replace: str) -> Path:
    """A pipeline file in `folder`; keyword arguments replace one line each, by its key."""
    lines = textwrap.dedent(text).strip().splitlines()
    for key, value in replace.items():
        lines = [f"{key}: {value}" if line.startswith(f"{key}:") else line for line in lines]
    path = folder / "small.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def loaded(folder: Path, text: str = PIPELINE, **replace: str) -> Pipeline:
    """The same, loaded."""
    return load(written(folder, text, **replace))


def run(pipeline: Pipeline, folder: Path) -> Books:
    """Run to the end, watched by nobody."""
    return go(pipeline, RunFolder(folder), opened=lambda opening: None, watch=lambda stream: None)
