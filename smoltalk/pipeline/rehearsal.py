"""`--rehearse`: a pipeline run small and without its models, as its own `rehearsal:` block says."""

import json
from pathlib import Path

from smoltalk.document import parse, read_text
from smoltalk.errors import Problem, UserError


def has_rehearsal(text: str) -> bool:
    """Whether a pipeline's text has the block; cheap, and never wrong about one that loads."""
    return any(line.startswith("rehearsal:") for line in text.splitlines())


def rehearsal(path: Path) -> dict[str, str]:
    """The settings that a pipeline's `rehearsal:` stands for, as `--set` gives them; the name says what it is.

    Raises `UserError` where the file has none.
    """
    document = parse(read_text(path, "pipeline"), str(path))
    data = document.data if isinstance(document.data, dict) else {}
    block = data.get("rehearsal")
    if not block:
        hint = "add `rehearsal:`, with keys as `--set` takes them: `engines.NAME: {nano: {}}`, `target.accepted: 12`"
        raise UserError([Problem(str(path), 0, "has no `rehearsal:`, so nobody knows how to run it small", hint)])
    if not isinstance(block, dict):
        raise UserError([document.problem(("rehearsal",), "`rehearsal` is a mapping of `key.path: value`")])
    named = {"name": json.dumps(f"{data['name']}-rehearsal")} if isinstance(data.get("name"), str) else {}
    return named | {str(key): json.dumps(value) for key, value in block.items()}


def rehearsed_at(path: Path, key: str, value: str) -> int:
    """The line where a pipeline's `rehearsal:` sets a key to this value; 0 where it does not."""
    document = parse(read_text(path, "pipeline"), str(path))
    block = document.data.get("rehearsal") if isinstance(document.data, dict) else None
    said = isinstance(block, dict) and key in block and json.dumps(block[key]) == value
    return document.line(("rehearsal", key)) if said else 0
