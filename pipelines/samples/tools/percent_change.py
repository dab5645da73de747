"""By how many percent a number changed."""


def percent_change(old: float, new: float) -> float:
    """Says by how many percent a number rose, or fell when negative.

    Args:
        old: The number before.
        new: The number after.
    """
    if old == 0:
        raise ValueError("a change from zero has no percentage")
    return round((new - old) / abs(old) * 100, 2)
