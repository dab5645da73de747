"""Small functions on numbers."""

import math


def digit_sum(number):
    """Add up the decimal digits of an integer; its sign does not count."""
    return sum(int(digit) for digit in str(abs(number)))


def is_prime(number):
    """Say whether an integer is a prime."""
    if number < 2:
        return False
    return all(number % divisor for divisor in range(2, math.isqrt(number) + 1))


def collatz_steps(number):
    """Count the steps that the Collatz rule takes from a positive integer down to one."""
    steps = 0
    while number != 1:
        number = 3 * number + 1 if number % 2 else number // 2
        steps += 1
    return steps


def to_roman(number):
    """Write a positive integer below four thousand in Roman numerals."""
    values = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL")]
    values += [(10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
    numeral = ""
    for value, letters in values:
        while number >= value:
            numeral += letters
            number -= value
    return numeral


def clamp(value, low, high):
    """Force a value into the range between two bounds, both included."""
    return max(low, min(high, value))


def divisors(number):
    """List all positive divisors of a positive integer in rising order."""
    return [candidate for candidate in range(1, number + 1) if number % candidate == 0]


def binomial(n, k):
    """Compute in how many ways `k` things can be chosen out of `n`."""
    # TODO: negative arguments
    return math.comb(n, k)


def answer():
    """Give the answer to everything."""
    return 42


def mean_absolute_error(expected, found):
    """Average how far the found values lie from the expected ones, position by position."""
    return sum(abs(a - b) for a, b in zip(expected, found, strict=True)) / len(expected)
