"""A pipeline small and without its models, as its own block says."""

from pathlib import Path

import pytest

from smoltalk.errors import UserError
from smoltalk.pipeline import load
from smoltalk.pipeline.rehearsal import rehearsal

PIPELINE = """\
name: large
engines: {teacher: {vllm: {model: some/model}}}
target: {accepted: 1000}
steps:
  - magpie: {engine: teacher, turns: 3}
rehearsal:
  engines.teacher: {nano: {}}
  target.accepted: 4
  steps.0.turns: 1
"""


def written(folder: Path, text: str = PIPELINE) -> Path:
    path = folder / "large.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_rehearsal_changes_what_it_says_and_the_name(tmp_path: Path) -> None:
    path = written(tmp_path)
    small = load(path, rehearsal(path))
    assert (small.name, small.target.accepted) == ("large-rehearsal", 4)
    assert type(small.engines["teacher"].part).__name__ == "Nano"
    assert small.source.part.turns == 1  # type: ignore[union-attr]


def test_without_it_the_pipeline_is_as_written(tmp_path: Path) -> None:
    large = load(written(tmp_path))
    assert (large.name, large.target.accepted) == ("large", 1000)
    assert type(large.engines["teacher"].part).__name__ == "Vllm"


def test_a_mistake_in_the_block_is_placed_there(tmp_path: Path) -> None:
    path = written(tmp_path, PIPELINE.replace("{nano: {}}", "{nanno: {}}"))
    with pytest.raises(UserError, match=r"large\.yaml:7  .*nanno"):
        load(path, rehearsal(path))


def test_a_pipeline_without_the_block_says_how_to_add_it(tmp_path: Path) -> None:
    path = written(tmp_path, PIPELINE.partition("rehearsal:")[0])
    with pytest.raises(UserError, match="has no `rehearsal:`"):
        rehearsal(path)


def test_the_block_is_a_mapping(tmp_path: Path) -> None:
    path = written(tmp_path, PIPELINE.partition("rehearsal:")[0] + "rehearsal: [small]\n")
    with pytest.raises(UserError, match=r"large\.yaml:6  `rehearsal` is a mapping"):
        rehearsal(path)
