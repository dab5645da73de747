"""Makes `pretend`, the parts of these tests, importable as a user's own module would be."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _pretend_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
