"""The greatest common divisor."""

import math


def greatest_common_divisor(numbers: list[int]) -> int:
    """Finds the largest whole number that divides all the given ones.

    Args:
        numbers: Two or more whole numbers.
    """
    if len(numbers) < 2:
        raise ValueError("it takes two numbers to have something in common")
    return math.gcd(*numbers)
