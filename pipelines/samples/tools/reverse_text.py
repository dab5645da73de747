"""Texts the other way round."""

from typing import Literal


def reverse_text(text: str, by: Literal["characters", "words"] = "characters") -> str:
    """Turns a text round, character by character or word by word.

    Args:
        text: The text to turn round.
        by: What is put in reverse order; characters when left out.
    """
    return text[::-1] if by == "characters" else " ".join(reversed(text.split()))
