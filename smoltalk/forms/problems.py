"""A maths problem with a solution whose every calculation is checked: no model's word is taken for a sum."""

import math
import re
from decimal import Decimal, DecimalException, localcontext

_HEADING = re.compile(r"(?:\*\*)?(Problem|Solution|Answer):(?:\*\*)?(.*)")
_NUMBER = r"[-−]?[$€£]?(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,10})?"
_TOKEN = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<percent>%?)\s*|(?P<op>[-+*/×·÷−−:()])\s*")
_SIDE = r"[\d.,$€£%\s()+*/×·÷−-]"
_LEFT = re.compile(rf"{_SIDE}+\Z")
_RIGHT = re.compile(rf"{_SIDE}+")
_OPERATORS = frozenset("+-*/×·÷−%")
_ANSWER = re.compile(_NUMBER)
_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-"})
_MOST_TOKENS = 60
_WIDEST = 300
"""Characters of one side of a calculation."""


def fault(text: str) -> str:
    """What keeps a text from being a problem, a solution that is right by its own calculations, and its answer."""
    parts = _parts(text)
    if parts is None:
        return "it does not have the parts `Problem:`, `Solution:` and `Answer:`, in this order and nothing else"
    problem, solution, answered = parts
    if not _ANSWER.search(problem):
        return "its problem holds no number"
    results: list[Decimal] = []
    for line in solution.splitlines():
        for place in (i for i, sign in enumerate(line) if sign in "=≈"):
            told = _told(line, place)
            if isinstance(told, str):
                return told
            results.append(told)
    if not results:
        return "its solution holds no calculation"
    answer = _ANSWER.search(answered)
    if not answer:
        return "its answer holds no number"
    if (said := _plain(answer[0])) != results[-1]:
        return f"it answers {said}, and its last calculation gives {results[-1]}"
    return ""


def _parts(text: str) -> tuple[str, str, str] | None:
    """What stands in each part; None where they are others, or not in order, or one is empty."""
    names: list[str] = []
    parts: list[list[str]] = []
    for line in text.splitlines():
        if heading := _HEADING.match(line.strip()):
            names.append(heading[1])
            parts.append([heading[2]])
        elif not parts:
            return None
        else:
            parts[-1].append(line)
    said = ["\n".join(part).strip() for part in parts]
    if names != ["Problem", "Solution", "Answer"] or not all(said) or "\n" in said[2]:
        return None
    return said[0], said[1], said[2]


def _told(line: str, place: int) -> Decimal | str:
    """The result written behind the sign of equality at `place`, or what is wrong with it."""
    left = _LEFT.search(line[max(0, place - _WIDEST) : place])
    right = _RIGHT.match(line, place + 1, place + 1 + _WIDEST)
    shown = line.strip()[:60]
    if not left or not right or not _OPERATORS & set(left[0]):
        return f"`{shown}` holds a calculation that is not written in numbers alone"
    written = right[0].strip(" .,+*/×·÷−-\t")  # a full stop ends the sentence, a dash goes on with it
    written = f"-{written}" if right[0].lstrip().startswith(("-", "−")) else written
    value, result = calculated(left[0]), calculated(written)
    if value is None or result is None:
        return f"`{shown}` holds a calculation that cannot be read"
    exponent = result.as_tuple().exponent
    step = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
    rounded = line[place] == "≈" or "." in written
    if abs(value - result) > (step / 2 if rounded else Decimal("1e-9")):
        return f"`{shown}` is wrong: {left[0].strip()[-40:]} is {_short(value)}"
    return result


def calculated(text: str) -> Decimal | None:
    """The value of sums, products, quotients and brackets of numbers; None for anything else, and for no value."""
    tokens: list[str | Decimal] = []
    place, text = 0, text.strip().translate(_SIGNS)
    while place < len(text):
        after_value = bool(tokens) and (isinstance(tokens[-1], Decimal) or tokens[-1] == ")")
        # A minus behind a value is a sign of subtraction, not of the number that follows.
        found = None if after_value and text[place] == "-" else _TOKEN.match(text, place)
        if found and found["number"]:
            number = _plain(found["number"])
            tokens.append(number / 100 if found["percent"] else number)
            place = found.end()
        elif text[place] in "+-*/()":
            tokens.append(text[place])
            place += 1
        elif text[place].isspace():
            place += 1
        else:
            return None
    if not tokens or len(tokens) > _MOST_TOKENS:
        return None
    try:
        with localcontext(prec=40):
            value, rest = _sum(tokens)
            return value if not rest else None
    except (DecimalException, ValueError, ArithmeticError):
        return None


_Tokens = list[str | Decimal]


def _sum(tokens: _Tokens) -> tuple[Decimal, _Tokens]:
    value, tokens = _product(tokens)
    while tokens and tokens[0] in ("+", "-"):
        sign = tokens[0]
        other, tokens = _product(tokens[1:])
        value = value + other if sign == "+" else value - other
    return value, tokens


def _product(tokens: _Tokens) -> tuple[Decimal, _Tokens]:
    value, tokens = _factor(tokens)
    while tokens and tokens[0] in ("*", "/"):
        sign = tokens[0]
        other, tokens = _factor(tokens[1:])
        value = value * other if sign == "*" else value / other
    return value, tokens


def _factor(tokens: _Tokens) -> tuple[Decimal, _Tokens]:
    """Raises `ValueError` where no value stands."""
    if not tokens:
        raise ValueError("no value")
    first, rest = tokens[0], tokens[1:]
    if isinstance(first, Decimal):
        return first, rest
    if first == "-":
        value, rest = _factor(rest)
        return -value, rest
    if first != "(":
        raise ValueError("no value")
    value, rest = _sum(rest)
    if not rest or rest[0] != ")":
        raise ValueError("a bracket is open")
    return value, rest[1:]


def _plain(number: str) -> Decimal:
    return Decimal(re.sub(r"[,$€£]", "", number).replace("−", "-"))


def _short(value: Decimal) -> str:
    return f"{value:.6g}" if math.isfinite(value) else "no number"
