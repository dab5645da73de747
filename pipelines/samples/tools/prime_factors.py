"""The prime factors of a number."""


def prime_factors(number: int) -> list[int]:
    """Takes a whole number apart into its prime factors, smallest first.

    Args:
        number: A whole number from 2 to 1000000000000.
    """
    if not 2 <= number <= 10**12:
        raise ValueError("the number must be from 2 to 1000000000000")
    factors, divisor = [], 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1 if divisor == 2 else 2
    return factors + ([number] if number > 1 else [])
