"""What the card says of a mixture: its sources, its copies, what its own columns hold."""

import json

import pytest

from tests.mixing.mixtures import lines, mixed, rows


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of two sources, the rows of one going in twice."""
    here = tmp_path_factory.mktemp("card")
    lines(here / "many.jsonl", rows(20, "m"))
    lines(here / "few.jsonl", rows(6, "f"))
    sources = {
        "many": {"files": str(here / "many.jsonl"), "count": 20, "licence": "mit"},
        "few": {"files": str(here / "few.jsonl"), "count": 10, "repeat": 2, "licence": "mit"},
    }
    asked = {"sources": sources, "tokenizer": "nano", "max_tokens": 1000}
    (here / "p.yaml").write_text(f"name: mixed\nlicence: mit\nkeep: [level, tokens]\nmix: {json.dumps(asked)}\n")
    mixed(here / "p.yaml", here / "out")
    return (here / "out" / "README.md").read_text()


def test_copies_are_a_known_limit(card: str) -> None:
    assert "- 4 rows are copies, put in to reach a share: `few` (4)." in card


def test_tokens_are_counted_and_not_from_the_source(card: str) -> None:
    assert "| `tokens` | int | counted as the tokenizer's chat template writes the row |" in card
    assert "| `level` | int | of the source |" in card


def test_the_ending_is_a_mixtures(card: str) -> None:
    assert "The mixture is complete: every source gave the rows it was asked for." in card
