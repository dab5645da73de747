"""What a shopping list costs."""

from typing import Required, TypedDict


class Item(TypedDict, total=False):
    name: Required[str]
    price: Required[float]
    quantity: int


def shopping_total(items: list[Item], discount_percent: float = 0) -> float:
    """Adds up what a shopping list costs, with a discount where there is one.

    Args:
        items: What is bought, with the price of one piece and how many pieces.
        discount_percent: What the shop takes off, in percent; nothing when left out.
    """
    total = sum(item["price"] * item.get("quantity", 1) for item in items)
    return round(total * (1 - discount_percent / 100), 2)
