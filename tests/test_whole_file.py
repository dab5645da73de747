"""A file is there whole or not at all."""

from pathlib import Path

import pytest

from smoltalk.whole_file import replacing, write_whole


def test_a_text_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_whole(path, "old")
    write_whole(path, "ä\nnew\r\n")
    assert path.read_bytes() == "ä\nnew\r\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_given_up_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_whole(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as new:
        new.write_text("half")
        assert path.read_text() == "old"
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_half_characters_are_refused_before_anything_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert path.read_text() == "old"
