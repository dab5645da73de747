"""Distances on the globe."""

import math


def distance_between(from_latitude: float, from_longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Gives the distance in kilometres between two points on the Earth, as the crow flies.

    Args:
        from_latitude: Latitude of the first point in degrees, south negative.
        from_longitude: Longitude of the first point in degrees, west negative.
        to_latitude: Latitude of the second point in degrees.
        to_longitude: Longitude of the second point in degrees.
    """
    if abs(from_latitude) > 90 or abs(to_latitude) > 90:
        raise ValueError("latitudes go from -90 to 90")
    north, south = math.radians(from_latitude), math.radians(to_latitude)
    east = math.radians(to_longitude - from_longitude)
    inside = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
    return round(2 * 6371.0088 * math.asin(math.sqrt(min(inside, 1.0))), 1)
