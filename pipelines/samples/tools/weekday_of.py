"""The weekday of a date."""

import datetime

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def weekday_of(date: str) -> str:
    """Says on which day of the week a date falls.

    Args:
        date: The date, as YYYY-MM-DD.
    """
    return NAMES[datetime.date.fromisoformat(date).weekday()]
