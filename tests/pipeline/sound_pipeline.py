"""A pipeline with nothing wrong in it, and what is said of one that has."""

from pathlib import Path

import pytest

from smoltalk.errors import UserError
from smoltalk.pipeline import load

SOUND = """# A sound one.
name: sound
description: Conversations, scored.
language: en
licence: cc-by-4.0
engines:
  teacher: {pretend.Talker: {model: big}}
  rater: {pretend.Talker: {model: big, max_in_flight: 8}}
  reward: {pretend.Scorer: {}}
target: {accepted: 1_000, max_tokens: 4_000_000, max_hours: 1.5}
steps:
  - magpie: {engine: teacher, turns: 2}
  - score: {engine: reward}
  - ask: {engine: rater, template: rate_quality}
  - ask: {engine: rater, template: depth.j2}
gates:
  - pretend.Keep: {columns: [reward]}
  - pretend.Keep: {columns: [quality, depth]}
keep: [category, quality]
"""


def problems(path: Path, **changes: str) -> str:
    """What loading it says is wrong."""
    with pytest.raises(UserError) as caught:
        load(path, changes)
    return str(caught.value)
