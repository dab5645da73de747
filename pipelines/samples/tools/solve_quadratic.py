"""The real roots of a quadratic equation."""

import math


def solve_quadratic(a: float, b: float, c: float) -> list[float]:
    """Finds the real solutions of ax^2 + bx + c = 0, smallest first; none when there is no real one.

    Args:
        a: The factor of x squared, not zero.
        b: The factor of x.
        c: The constant term.
    """
    if a == 0:
        raise ValueError("without x squared it is no quadratic equation")
    inside = b * b - 4 * a * c
    if inside < 0:
        return []
    return sorted({round((-b + sign * math.sqrt(inside)) / (2 * a), 6) for sign in (-1, 1)})
