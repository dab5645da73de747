"""No server outlives these tests."""

from collections.abc import Iterator

import pytest

from smoltalk.sandbox import pool


@pytest.fixture(scope="session", autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    pool.close()
