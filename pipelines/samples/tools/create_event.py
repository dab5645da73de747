"""An entry for a calendar."""

import datetime
from collections.abc import Sequence


def create_event(
    title: str, date: str, start: str, minutes: int, guests: Sequence[str] = ()
) -> dict[str, str | list[str]]:
    """Makes a calendar entry and says when it begins and ends.

    Args:
        title: What the entry is about.
        date: The day, as YYYY-MM-DD.
        start: When it begins, as HH:MM on a 24-hour clock.
        minutes: How long it lasts.
        guests: Names of those who are invited; nobody when left out.
    """
    if minutes < 1:
        raise ValueError("an entry lasts at least a minute")
    begins = datetime.datetime.fromisoformat(f"{date}T{start}")
    ends = begins + datetime.timedelta(minutes=minutes)
    return {"title": title, "begins": f"{begins:%Y-%m-%d %H:%M}", "ends": f"{ends:%Y-%m-%d %H:%M}", "guests": [*guests]}
