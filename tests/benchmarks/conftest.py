"""A shelf of benchmarks that is nobody's: one spec, no fingerprint, and a cache folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

SPEC = """dataset: someone/quays
splits: [test]
question: "body ~ ' ' ~ ask"
choices: options
answer: options[right]
licence: MIT
rows: 3
example: Which of the two ropes is the longer one, and by how many fathoms exactly?
"""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of specs and shipped fingerprints; builds go to `cache/benchmarks` beside it."""
    folder = tmp_path / "decontam"
    folder.mkdir()
    (folder / "quays.yaml").write_text(SPEC)
    monkeypatch.setattr("smoltalk.benchmarks.specs.data_folder", lambda _: folder)
    monkeypatch.setenv("SMOLTALK_CACHE", str(tmp_path / "cache"))
    yield folder
