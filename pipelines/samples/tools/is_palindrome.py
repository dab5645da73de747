"""Texts that read the same backwards."""


def is_palindrome(text: str) -> bool:
    """Says whether a text reads the same backwards, letters and digits only, whatever their case.

    Args:
        text: The text to look at.
    """
    letters = [letter.lower() for letter in text if letter.isalnum()]
    return letters == letters[::-1]
