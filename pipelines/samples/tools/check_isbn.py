"""Book numbers that add up."""


def check_isbn(isbn: str) -> bool:
    """Says whether the check digit of a 13-digit book number (ISBN) is right.

    Args:
        isbn: The number, with or without hyphens.
    """
    digits = [int(sign) for sign in isbn if sign.isdigit()]
    if len(digits) != 13:
        raise ValueError("an ISBN has 13 digits")
    return sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0
