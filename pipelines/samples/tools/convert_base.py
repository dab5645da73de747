"""Numbers in other bases."""

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def convert_base(digits: str, from_base: int, to_base: int) -> str:
    """Rewrites a whole number from one base to another, such as hexadecimal to binary.

    Args:
        digits: The number's digits in its present base.
        from_base: The present base, from 2 to 36.
        to_base: The base wanted, from 2 to 36.
    """
    if not (2 <= from_base <= 36 and 2 <= to_base <= 36):
        raise ValueError("a base is from 2 to 36")
    if len(digits) > 200:
        raise ValueError("that is more digits than this tool takes")
    number = int(digits, from_base)
    rest, written = abs(number), ""
    while rest:
        rest, digit = divmod(rest, to_base)
        written = DIGITS[digit] + written
    return ("-" if number < 0 else "") + (written or "0")
