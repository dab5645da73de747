"""Lets pipelines under test name engines of `tests.run.scripted` by import path; stops idle sandboxes in between."""

import sys
from pathlib import Path

import pytest

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

COUNT_PROCESSES = {"engines", "serving", "vllm"}
"""Folders of tests that look for processes left behind; a sandbox's idle servers are none of these."""


@pytest.fixture(autouse=True)
def _without_idle_sandboxes(request: pytest.FixtureRequest) -> None:
    if request.path.parent.name in COUNT_PROCESSES and (pool := sys.modules.get("smoltalk.sandbox.pool")):
        pool.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test begins first: others run beside it, and nothing waits for it at the end."""
    items.sort(key=lambda item: item.path.name != "test_killing.py")
