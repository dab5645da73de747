"""A program that stands in for `vllm` on this machine."""

from pathlib import Path

import pytest

from tests.engines.vllm_at_work import PRETEND, standing_in


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A `vllm` on this machine that is none."""
    return standing_in(PRETEND, tmp_path, monkeypatch)
