"""Where paragraphs end, for the constraints that are not IFEval's: at lines that show nothing, also in CRLF texts."""

import re

_BLANK = re.compile(r"\n[^\S\n]*\n")


def paragraphs(text: str) -> list[str]:
    r"""The paragraphs of a text, in order, without those that hold nothing; a line of spaces or of `\r` parts them."""
    return [part for part in _BLANK.split(text) if part.strip()]
