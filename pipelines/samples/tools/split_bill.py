"""A bill among friends."""


def split_bill(total: float, people: int, tip_percent: float = 0) -> float:
    """Splits a bill evenly and gives what each person pays.

    Args:
        total: The bill without a tip.
        people: How many people share it.
        tip_percent: The tip in percent of the bill; none when left out.
    """
    if people < 1:
        raise ValueError("somebody has to pay")
    return round(total * (1 + tip_percent / 100) / people, 2)
