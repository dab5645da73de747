"""A sound pipeline on disk, and `pretend`, the parts of these tests, importable as a user's own module would be."""

from pathlib import Path

import pytest

from tests.pipeline.sound_pipeline import SOUND


@pytest.fixture(autouse=True)
def _pretend_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sound pipeline on disk, with its own template beside it, in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "depth.j2").write_text("---\nreturns: {depth: int}\n---\n{{ instruction }} {{ quality }}\n")
    (tmp_path / "sound.yaml").write_text(SOUND)
    return Path("sound.yaml")
