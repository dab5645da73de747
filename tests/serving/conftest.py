"""Whom a test of servers has started."""

from collections.abc import Iterator

import pytest

from tests.processes import below, until
from tests.serving.supervised import Started


@pytest.fixture
def started() -> Iterator[Started]:
    """The processes that the test started, and they in turn, which are still at work; none is there at its end."""
    before = below()
    yield lambda: below(besides=before)
    assert until(lambda: not below(besides=before)), "no process is left behind"
