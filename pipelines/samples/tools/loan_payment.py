"""The monthly payment of a loan."""


def loan_payment(principal: float, annual_rate: float, years: int) -> dict[str, float]:
    """Works out the monthly payment and the total interest of a loan with equal payments.

    Args:
        principal: The amount borrowed.
        annual_rate: The interest rate in percent a year.
        years: How many years the loan runs.
    """
    months, rate = years * 12, annual_rate / 1200
    if months < 1 or principal <= 0 or rate < 0:
        raise ValueError("a loan needs an amount, at least a year, and a rate that is not negative")
    payment = principal / months if rate == 0 else principal * rate / (1 - (1 + rate) ** -months)
    return {"monthly_payment": round(payment, 2), "total_interest": round(payment * months - principal, 2)}
