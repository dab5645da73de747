"""Small functions on lists and mappings."""


def chunks(items, size):
    """Cut a list into pieces of a given size; the last may be shorter."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def flatten(nested):
    """Turn a list of lists, nested to any depth, into one flat list in the same order."""
    flat = []
    for item in nested:
        flat.extend(flatten(item) if isinstance(item, list) else [item])
    return flat


def rotate(items, places):
    """Move the items of a list to the left by some places, those that fall out coming back at the end."""
    if not items:
        return []
    places %= len(items)
    return items[places:] + items[:places]


def moving_average(values, window):
    """Average each run of `window` neighbouring values."""
    return [sum(values[start : start + window]) / window for start in range(len(values) - window + 1)]


def merge_sorted(left, right):
    """Merge two sorted lists into one sorted list in a single pass."""
    merged, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    return merged + left[i:] + right[j:]


def invert(mapping):
    """Swap keys and values: each value leads to the sorted list of the keys that had it."""
    inverted = {}
    for key in sorted(mapping):
        inverted.setdefault(mapping[key], []).append(key)
    return inverted


def unique(items):
    """Drop repeated items and keep the first of each in its place."""
    seen = set()
    return [item for item in items if not (item in seen or seen.add(item))]


def transpose(rows):
    """Swap rows and columns of a table whose rows are equally long."""
    return [list(column) for column in zip(*rows, strict=True)]


def balanced(text):
    """Say whether round, square and curly brackets in a text are closed in the right order."""
    pairs = {")": "(", "]": "[", "}": "{"}
    waiting = []
    for letter in text:
        if letter in pairs.values():
            waiting.append(letter)
        elif letter in pairs and (not waiting or waiting.pop() != pairs[letter]):
            return False
    return not waiting


def second_largest(values):
    """Find the second largest of the different values, or None when there are fewer than two."""
    different = sorted(set(values))
    return different[-2] if len(different) > 1 else None
