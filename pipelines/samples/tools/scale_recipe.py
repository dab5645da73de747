"""A recipe for more or fewer people."""

from typing import Required, TypedDict


class Ingredient(TypedDict, total=False):
    name: Required[str]
    amount: Required[float]
    unit: str


def scale_recipe(ingredients: list[Ingredient], from_servings: int, to_servings: int) -> list[Ingredient]:
    """Changes the amounts of a recipe so that it serves another number of people.

    Args:
        ingredients: The recipe's ingredients with their amounts.
        from_servings: How many people the recipe serves as it is.
        to_servings: How many people it is to serve.
    """
    if from_servings < 1 or to_servings < 1:
        raise ValueError("a recipe serves at least one person")
    return [{**one, "amount": round(one["amount"] * to_servings / from_servings, 2)} for one in ingredients]
