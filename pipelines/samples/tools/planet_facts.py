"""The planets in numbers."""

from typing import Literal

Planet = Literal["Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"]
FACTS = {
    "Mercury": (4879, 88.0, 0), "Venus": (12104, 224.7, 0), "Earth": (12742, 365.2, 1), "Mars": (6779, 687.0, 2),
    "Jupiter": (139820, 4331.0, 95), "Saturn": (116460, 10747.0, 274), "Uranus": (50724, 30589.0, 28),
    "Neptune": (49244, 59800.0, 16),
}  # fmt: skip


def planet_facts(planet: Planet, fact: Literal["diameter_km", "year_in_days", "moons"]) -> float:
    """Looks up one number about a planet of the solar system.

    Args:
        planet: The planet.
        fact: What to look up: its diameter, the length of its year, or how many moons it has.
    """
    return FACTS[planet][("diameter_km", "year_in_days", "moons").index(fact)]
