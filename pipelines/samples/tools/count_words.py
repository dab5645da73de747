"""How long a text is."""


def count_words(text: str) -> dict[str, int]:
    """Counts the words, characters and lines of a text.

    Args:
        text: The text to count.
    """
    return {"words": len(text.split()), "characters": len(text), "lines": len(text.splitlines())}
