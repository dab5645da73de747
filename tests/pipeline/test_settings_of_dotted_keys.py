"""`--set` reaches keys that hold dots, by the longest one that is there."""

from typing import Any

import pytest

from smoltalk.document import parse
from smoltalk.pipeline.settings import apply

TEXT = """
mix: {sources: {v1.5: {share: 1}, v1: {share: 2}}}
engines: {gpt-4.1: {openai: {model: x}}}
steps: [{a.b.Step: {turns: 1}}, {jsonl: {columns: {ours: their.text}}}]
"""


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("mix.sources.v1.5.share", ("mix", "sources", "v1.5", "share")),
        ("mix.sources.v1.share", ("mix", "sources", "v1", "share")),
        ("mix.sources.v1.5", ("mix", "sources", "v1.5")),
        ("engines.gpt-4.1.openai.model", ("engines", "gpt-4.1", "openai", "model")),
        ("engines.gpt-4.1.model", ("engines", "gpt-4.1", "openai", "model")),
        ("steps.0.a.b.Step.turns", ("steps", 0, "a.b.Step", "turns")),
        ("steps.0.turns", ("steps", 0, "a.b.Step", "turns")),
    ],
)
def test_the_key_that_is_there_is_meant(key: str, place: tuple[Any, ...]) -> None:
    changed, expected = parse(TEXT, "p.yaml"), parse(TEXT, "p.yaml").data
    assert list(apply({key: "7"}, changed)) == []
    *above, last = place
    node = expected
    for step in above:
        node = node[step]
    node[last] = 7
    assert changed.data == expected
