"""Lengths from one unit to another."""

from typing import Literal

Unit = Literal["mm", "cm", "m", "km", "in", "ft", "yd", "mi"]
METRES = {"mm": 0.001, "cm": 0.01, "m": 1.0, "km": 1000.0, "in": 0.0254, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344}


def convert_length(value: float, from_unit: Unit, to_unit: Unit) -> float:
    """Converts a length from one unit to another.

    Args:
        value: The length to convert.
        from_unit: The unit the length is given in.
        to_unit: The unit the length is wanted in.
    """
    return round(value * METRES[from_unit] / METRES[to_unit], 4)
