"""What a list of numbers is like."""

import statistics


def summarize_numbers(numbers: list[float]) -> dict[str, float]:
    """Gives count, mean, median, smallest and largest of a list of numbers.

    Args:
        numbers: The numbers, one at least.
    """
    if not numbers:
        raise ValueError("there are no numbers")
    return {
        "count": len(numbers),
        "mean": round(statistics.fmean(numbers), 4),
        "median": statistics.median(numbers),
        "min": min(numbers),
        "max": max(numbers),
    }
