"""The cache of machine code is renewed when any compiled file changes, wherever in the package it stands."""

import re
from pathlib import Path

from smoltalk.words import compiled

PACKAGE = Path(compiled.__file__).parents[1]


def test_every_folder_with_compiled_functions_counts() -> None:
    files = [file for file in PACKAGE.rglob("*.py") if re.search(r"^@(compiled|inlined)\b", file.read_text(), re.M)]
    assert {file.parent.relative_to(PACKAGE).as_posix() for file in files} == {*compiled._COMPILED}
