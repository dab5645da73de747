"""Leap years of the Gregorian calendar."""

import calendar


def is_leap_year(year: int) -> bool:
    """Says whether a year of the Gregorian calendar has a 29th of February.

    Args:
        year: The year, from 1 on.
    """
    if year < 1:
        raise ValueError("years count from 1")
    return calendar.isleap(year)
