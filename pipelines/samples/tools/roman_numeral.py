"""Numbers in Roman numerals."""

SIGNS = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip


def roman_numeral(number: int) -> str:
    """Writes a number in Roman numerals.

    Args:
        number: A whole number from 1 to 3999.
    """
    if not 1 <= number <= 3999:
        raise ValueError("Roman numerals go from 1 to 3999")
    written = ""
    for value, sign in SIGNS:
        while number >= value:
            written, number = written + sign, number - value
    return written
