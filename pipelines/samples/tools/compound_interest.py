"""What savings grow to."""


def compound_interest(principal: float, annual_rate: float, years: float, times_per_year: int = 12) -> float:
    """Works out what savings grow to with compound interest.

    Args:
        principal: The amount saved at the start.
        annual_rate: The interest rate in percent a year.
        years: How many years the money stays.
        times_per_year: How often a year interest is added; monthly when left out.
    """
    if times_per_year < 1:
        raise ValueError("interest is added at least once a year")
    return round(principal * (1 + annual_rate / 100 / times_per_year) ** (times_per_year * years), 2)
