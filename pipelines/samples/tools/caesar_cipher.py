"""The oldest cipher."""


def caesar_cipher(text: str, shift: int) -> str:
    """Enciphers a text by moving every letter a number of places along the alphabet; a negative number deciphers.

    Args:
        text: The text; what is no letter from A to Z stays as it is.
        shift: How many places each letter moves.
    """

    def moved(letter: str) -> str:
        if not (letter.isascii() and letter.isalpha()):
            return letter
        first = ord("a") if letter.islower() else ord("A")
        return chr((ord(letter) - first + shift) % 26 + first)

    return "".join(map(moved, text))
