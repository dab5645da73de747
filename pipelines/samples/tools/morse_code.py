"""Texts in Morse code."""

SIGNS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
CODE = dict(zip("abcdefghijklmnopqrstuvwxyz0123456789", SIGNS.split(), strict=True))


def morse_code(text: str) -> str:
    """Writes a text in Morse code, letters parted by spaces and words by a slash.

    Args:
        text: The text; only letters from A to Z and digits can be written.
    """
    return " / ".join(" ".join(CODE[sign] for sign in word.lower() if sign in CODE) for word in text.split())
