"""How figures are written, on the screen and on the page: a share as `45.2 %`, a loss as `1.234`, a p-value."""

from smoltalk.eval.intervals import Difference, Estimate


def number(value: float, unit: str, sign: bool = False) -> str:
    """`45.2 %`, `1.234 nats`, `+3.1 %`; of a share percents, else the unit behind it."""
    plus = "+" if sign else ""
    if unit == "%":
        return f"{100 * value:{plus}.1f} %"
    digits = 3 if abs(value) < 100 else 0
    return f"{value:{plus},.{digits}f}"


def interval(low: float, high: float, unit: str, sign: bool = False) -> str:
    """`[43.0, 47.4]`, in the unit of the number before it."""
    return f"[{number(low, unit, sign).removesuffix(' %')}, {number(high, unit, sign).removesuffix(' %')}]"


def estimated(of: Estimate, unit: str) -> str:
    """`45.2 % [43.0, 47.4]`."""
    return f"{number(of.value, unit)} {interval(of.low, of.high, unit)}"


def differing(of: Difference, unit: str) -> str:
    """`+3.1 points [+0.2, +6.0]`: of shares percentage points."""
    points = " points" if unit == "%" else ""
    return f"{points_of(of.value, unit)}{points} {interval(of.low, of.high, unit, True)}"


def points_of(value: float, unit: str) -> str:
    """A difference: `+3.1` of percentage points, `-0.120` nats."""
    return number(value, unit, True).removesuffix(" %")


def p_value(p: float) -> str:
    """`p = 0.03`, `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


_FEW = 16
"""Items up to which a test has few patterns of signs to set a difference against."""


def doubt(of: Difference, adjusted: float) -> str:
    """Why a difference cannot be told although its interval does not hold zero; "" where it does."""
    if of.low <= 0 <= of.high or adjusted < 0.05:
        return ""
    if of.p < 0.05:
        return f": alone {p_value(of.p)}, and others were looked at too (Holm)"
    return f": only {of.items} items" if of.items <= _FEW else ": the test is less sure than the interval"


def verdict(of: Difference, p: float, lower: bool | None) -> str:
    """What may be said of a difference: `better`, `worse` (`more`, `less`), or that it cannot be told."""
    if p >= 0.05:
        return f"cannot be told apart{doubt(of, p)}"
    if lower is None:
        return "more" if of.value > 0 else "less"
    return "better" if (of.value < 0) == lower else "worse"
