"""Area and perimeter of a rectangle."""


def rectangle_size(width: float, height: float) -> dict[str, float]:
    """Gives area and perimeter of a rectangle.

    Args:
        width: One side.
        height: The other side, in the same unit.
    """
    if width <= 0 or height <= 0:
        raise ValueError("a rectangle has two sides that are longer than nothing")
    return {"area": round(width * height, 4), "perimeter": round(2 * (width + height), 4)}
