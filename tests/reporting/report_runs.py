"""Run folders with chosen books, for reports."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from smoltalk.run.folder import RunFolder
from tests.run.published_runs import HERE, closed, loaded, publish

TALK = f"""
name: talk
description: Talk with <b>marks</b>.
licence: cc-by-4.0
steps:
  - {HERE}.Columns: {{columns: [messages, instruction, response, topic, score]}}
  - ask: {{engine: nano, template: rate_quality}}
gates:
  - {HERE}.Short: {{}}
  - near_duplicate: {{on: messages}}
  - decontaminate: {{against: [gsm8k, ifeval]}}
engines:
  nano: {{nano: {{}}}}
keep: [topic]
"""


def made(folder: Path, lines: Iterable[Sequence[str]], *, text: str = TALK, state: str = "complete") -> RunFolder:
    """A run whose books hold these lines; its files are written when they are closed."""
    run = closed(folder / "run", lines, state)
    pipeline = loaded(folder, text=text)
    run.pipeline.write_text(pipeline.text)
    if state in ("complete", "stopped"):
        publish(pipeline, run)
    return run
