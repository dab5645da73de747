"""A kitchen timer."""


def set_timer(minutes: float, label: str = "timer") -> dict[str, str | int]:
    """Starts a countdown.

    Args:
        minutes: How many minutes it runs.
        label: What it is for, shown when it rings.
    """
    if not 0 < minutes <= 1440:
        raise ValueError("a timer runs up to a day")
    return {"status": "running", "label": label, "seconds": round(minutes * 60)}
