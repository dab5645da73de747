"""The days between two dates."""

import datetime


def days_between(start: str, end: str) -> int:
    """Counts the days from one date to another; negative when the second is the earlier one.

    Args:
        start: The first date, as YYYY-MM-DD.
        end: The second date, as YYYY-MM-DD.
    """
    return (datetime.date.fromisoformat(end) - datetime.date.fromisoformat(start)).days
