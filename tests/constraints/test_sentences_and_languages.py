"""Sentences end where a reader sees it, offline; languages are told with `unknown` as an answer."""

import pytest

from smoltalk.constraints.language_id import LANGUAGES, identify
from smoltalk.constraints.sentences import sentences
from tests.constraints.keeping import IN_LANGUAGE


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It rained. We stayed in! Why? Because.", 4),
        ("Dr. Moss met Mrs. Hill, i.e. her aunt.", 1),
        ("It opened at 3.30 p.m. and closed at 5 p.m. Then we left.", 2),
        ("J. R. Moss wrote it. So did I. We all did.", 3),
        ('"Stop!" he said. "Why?" she asked.', 4),
        ("Wait... what is it? Wait... We left.", 3),
        ("1. Wash the rice.\n2. Boil it.\n3. Eat.", 3),
        ("A heading\n\nand a text without a mark", 1),
        ("今日は雨です。家にいます。", 2),
        ("आज बारिश है। हम घर पर हैं।", 2),
        ("Version 2.0 of example.org is out.", 1),
        ("He said no. She said yes.", 2),
        ("", 0),
        (" \n ", 0),
        ("...", 1),
    ],
)
def test_sentences_are_counted_as_a_reader_does(text: str, parts: int) -> None:
    assert len(sentences(text)) == parts, sentences(text)
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize("code", sorted(IN_LANGUAGE))
def test_languages_are_told_apart(code: str) -> None:
    assert identify(IN_LANGUAGE[code]) == code
    assert identify(IN_LANGUAGE[code].upper()) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345",
        "?!",
        "ok",
        "```\nprint('all of this is code')\n```",
        "[1, 2]",
        "\ud800 x",
        "Berlin Madrid Paris",
        "x = foo(bar)",
    ],
)
def test_what_holds_no_language_is_unknown(text: str) -> None:
    assert identify(text) == ""


def test_code_does_not_decide_about_the_text_around_it() -> None:
    code = "```python\nfor the_child in the_house:\n    return the_weather\n```"
    assert identify(f"{IN_LANGUAGE['de']}\n{code * 5}") == "de"


def test_every_language_is_one_that_the_model_knows() -> None:
    assert len(LANGUAGES) > 40
    identify(IN_LANGUAGE["de"])  # raises when the model lacks one of them
