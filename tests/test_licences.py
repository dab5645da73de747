"""Licences as people write them: what the Hub calls them, and what a misspelt one may stand for."""

import pytest

from smoltalk.licences import KNOWN, identifier, is_stated, meant, of_all


@pytest.mark.parametrize(
    ("written", "name", "near"),
    [
        ("Apache-2.0", "apache-2.0", ""),
        ("Apache License, Version 2.0", "apache-2.0", ""),
        ("MIT License", "mit", ""),
        ("CC BY 4.0", "cc-by-4.0", ""),
        ("Apache", "apache", "apache-2.0"),
        ("apache-2", "apache-2", "apache-2.0"),
        ("cc-by", "cc-by", "cc-by-4.0"),
        ("GPLv3", "gplv3", "gpl-3.0"),
        ("ours: see LICENCE", "ours-see-licence", ""),
        ("proprietary", "proprietary", ""),
        ("unknown", "unknown", ""),
    ],
)
def test_names(written: str, name: str, near: str) -> None:
    assert (identifier(written), meant(written)) == (name, near)


def test_every_known_one_is_itself() -> None:
    assert [identifier(one) for one in KNOWN] == KNOWN


def test_none_and_its_like_state_nothing() -> None:
    assert not any(map(is_stated, (None, "", " Unknown ", "TODO")))


def test_the_licence_of_a_whole() -> None:
    assert of_all(["MIT", "mit"]) == "mit"
    assert of_all(["mit", "apache-2.0"]) == "other"
    assert of_all(["ours", "ours"]) == "ours"
    assert of_all(["mit", None]) is None
    assert of_all([]) is None
