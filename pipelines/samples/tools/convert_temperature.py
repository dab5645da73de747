"""Temperatures from one scale to another."""

from typing import Literal

Scale = Literal["celsius", "fahrenheit", "kelvin"]


def convert_temperature(value: float, from_unit: Scale, to_unit: Scale) -> float:
    """Converts a temperature between Celsius, Fahrenheit and Kelvin.

    Args:
        value: The temperature to convert.
        from_unit: The scale it is given in.
        to_unit: The scale it is wanted in.
    """
    celsius = {"celsius": value, "fahrenheit": (value - 32) / 1.8, "kelvin": value - 273.15}[from_unit]
    if celsius < -273.15:
        raise ValueError("nothing is colder than absolute zero")
    return round({"celsius": celsius, "fahrenheit": celsius * 1.8 + 32, "kelvin": celsius + 273.15}[to_unit], 2)
