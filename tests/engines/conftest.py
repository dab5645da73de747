"""A program that stands in for `vllm` on this machine."""

import sys
from pathlib import Path

import pytest

from tests.engines.vllm_at_work import PRETEND


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A `vllm` on this machine that is none."""
    monkeypatch.setenv("NOTES", str(tmp_path / "notes.jsonl"))
    script = tmp_path / "vllm"
    script.write_text(f"#!{sys.executable}\n{PRETEND.read_text()}")
    script.chmod(0o755)
    return str(script)
