"""Weights from one unit to another."""

from typing import Literal

Unit = Literal["g", "kg", "t", "oz", "lb", "st"]
GRAMS = {"g": 1.0, "kg": 1000.0, "t": 1_000_000.0, "oz": 28.349523125, "lb": 453.59237, "st": 6350.29318}


def convert_weight(value: float, from_unit: Unit, to_unit: Unit) -> float:
    """Converts a weight from one unit to another.

    Args:
        value: The weight to convert.
        from_unit: The unit the weight is given in.
        to_unit: The unit the weight is wanted in.
    """
    return round(value * GRAMS[from_unit] / GRAMS[to_unit], 4)
