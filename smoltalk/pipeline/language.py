"""The language of a dataset as codes, which is all that its card can say of it."""

import re
from collections.abc import Iterator

from smoltalk.document import Document
from smoltalk.errors import Problem

_CODE = re.compile(r"[a-z]{2,3}")


def codes(language: str | None) -> list[str]:
    """The ISO 639 codes in a pipeline's `language`, which parts them by commas or white space."""
    return [word for word in _words(language) if _CODE.fullmatch(word)]


def unknown_languages(document: Document) -> Iterator[Problem]:
    """Words of `language` that are no codes: the card would be silent about them."""
    language = document.data.get("language")
    for word in _words(language) if isinstance(language, str) else ():
        if not _CODE.fullmatch(word):
            hint = "write the code of two or three letters (ISO 639)"
            likely = _likely(word)
            yield document.problem(
                ("language",), f"language: `{word[:40]}` is no code, and the card takes no other word",
                f"{hint}: `{likely}`" if likely else f"{hint}, such as `en`",
            )  # fmt: skip


def _words(language: str | None) -> list[str]:
    return re.split(r"[,\s]+", language.strip(", \n\t")) if language and language.strip(", \n\t") else []


def _likely(word: str) -> str:
    """The code of a language that is named, or written as `en-US` or `EN`."""
    from smoltalk.constraints.language_id import LANGUAGES

    by_name = {name.lower(): code for code, name in LANGUAGES.items()}
    first = re.split(r"[-_]", word.lower())[0]
    return by_name.get(word.lower()) or (first if first in LANGUAGES else "")
