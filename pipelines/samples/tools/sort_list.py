"""Lists in order."""


def sort_list(items: list[str], descending: bool = False) -> list[str]:
    """Puts a list of words or names into alphabetical order, whatever their case.

    Args:
        items: The words or names.
        descending: From Z to A instead of A to Z.
    """
    return sorted(items, key=str.casefold, reverse=descending)
