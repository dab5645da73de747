"""A markdown table: a header, its rule, rows with as many cells (GitHub Flavored Markdown, section 4.10)."""

import re

_RULE = re.compile(r":?-+:?")
_BAR = re.compile(r"(?<!\\)\|")
_MOST_WORDS_OUTSIDE = 60
_MOST_COLUMNS = 12


def fault(text: str) -> str:
    """What keeps a text from being one well-formed table with at most a short lead around it."""
    lines = [line.strip() for line in text.splitlines()]
    held = [i for i, line in enumerate(lines) if _BAR.search(line)]
    if len(held) < 2:
        return "it holds no table"
    if held[-1] - held[0] + 1 != len(held):
        return "its table is interrupted, or there are two"
    header, rule, *rows = (_cells(lines[i]) for i in held)
    if len(header) < 2 or len(header) > _MOST_COLUMNS:
        return f"its table has {len(header)} columns"
    if not all(_RULE.fullmatch(cell) for cell in rule) or len(rule) != len(header):
        return "the header is not followed by a rule of as many columns"
    if not all(header[1:]) or len(set(map(str.casefold, header))) < len(header):
        return "a column has no name of its own"
    if len(rows) < 2:
        return f"its table has {len(rows)} rows"
    if ragged := next((n for n, row in enumerate(rows, 1) if len(row) != len(header)), 0):
        return f"row {ragged} has {len(rows[ragged - 1])} cells under {len(header)} headings"
    if len(set(map(tuple, rows))) < len(rows):
        return "a row stands there twice"
    cells = [cell for row in rows for cell in row]
    if sum(not cell for cell in cells) * 4 > len(cells):
        return "more than a quarter of its cells are empty"
    outside = sum(len(line.split()) for i, line in enumerate(lines) if i not in set(held))
    return f"{outside} words stand beside the table" if outside > _MOST_WORDS_OUTSIDE else ""


def _cells(line: str) -> list[str]:
    cells = [cell.strip() for cell in _BAR.split(line)]
    if cells and not cells[0]:
        cells = cells[1:]
    return cells[:-1] if line.endswith("|") and not line.endswith("\\|") else cells
