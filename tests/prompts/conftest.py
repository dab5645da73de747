"""The template of a rating, read from a file."""

from pathlib import Path

import pytest

from smoltalk import prompts
from tests.prompts.rating import RATE, write


@pytest.fixture
def rate(tmp_path: Path) -> prompts.Template:
    return write(tmp_path, RATE)
