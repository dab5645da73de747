"""Times in other cities, without summer time."""

from typing import Literal

City = Literal[
    "Los Angeles", "New York", "São Paulo", "London", "Berlin", "Cairo", "Nairobi", "Delhi", "Tokyo", "Sydney"
]
MINUTES = {
    "Los Angeles": -480, "New York": -300, "São Paulo": -180, "London": 0, "Berlin": 60, "Cairo": 120,
    "Nairobi": 180, "Delhi": 330, "Tokyo": 540, "Sydney": 600,
}  # fmt: skip


def time_in_city(time: str, from_city: City, to_city: City) -> str:
    """Says what time it is in one city when it is a given time in another, by standard time.

    Args:
        time: The time in the first city, as HH:MM on a 24-hour clock.
        from_city: The city whose time is given.
        to_city: The city whose time is wanted.
    """
    hours, minutes = map(int, time.split(":"))
    if not (0 <= hours < 24 and 0 <= minutes < 60):
        raise ValueError("a time is from 00:00 to 23:59")
    total = hours * 60 + minutes + MINUTES[to_city] - MINUTES[from_city]
    day = {-1: " the day before", 0: "", 1: " the next day"}[total // 1440]
    return f"{total % 1440 // 60:02d}:{total % 60:02d}{day}"
