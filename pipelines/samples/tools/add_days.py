"""A date some days before or after another."""

import datetime


def add_days(date: str, days: int) -> str:
    """Gives the date that lies a number of days after another date, or before it.

    Args:
        date: The date to count from, as YYYY-MM-DD.
        days: How many days to add; negative to go back.
    """
    return (datetime.date.fromisoformat(date) + datetime.timedelta(days=days)).isoformat()
