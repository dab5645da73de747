"""Colours of the web as red, green and blue."""


def hex_to_rgb(colour: str) -> dict[str, int]:
    """Turns a web colour such as #1e90ff into its red, green and blue parts from 0 to 255.

    Args:
        colour: Six hexadecimal digits, with or without a leading #.
    """
    digits = colour.removeprefix("#")
    if len(digits) != 6:
        raise ValueError("a web colour has six digits")
    return {name: int(digits[place : place + 2], 16) for name, place in (("red", 0), ("green", 2), ("blue", 4))}
