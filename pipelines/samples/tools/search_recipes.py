"""A small book of recipes."""

RECIPES = (
    ("Chickpea curry", ("chickpeas", "tomatoes", "spinach"), True, 30),
    ("Hummus", ("chickpeas", "sesame", "lemon"), True, 10),
    ("Shakshuka", ("eggs", "tomatoes", "peppers"), True, 25),
    ("Omelette", ("eggs", "butter", "chives"), True, 10),
    ("Carbonara", ("eggs", "pasta", "bacon"), False, 20),
    ("Fish pie", ("cod", "potatoes", "milk"), False, 60),
    ("Potato soup", ("potatoes", "leek", "cream"), True, 35),
    ("Chicken stew", ("chicken", "carrots", "potatoes"), False, 75),
    ("Lentil salad", ("lentils", "onion", "parsley"), True, 25),
    ("Rice pudding", ("rice", "milk", "cinnamon"), True, 40),
)


def search_recipes(ingredient: str, vegetarian: bool = False, max_minutes: int = 120) -> list[str]:
    """Finds dishes in a recipe book that use an ingredient.

    Args:
        ingredient: What the dish must contain, such as eggs.
        vegetarian: Only dishes without meat and fish.
        max_minutes: How long cooking may take; two hours when left out.
    """
    wanted = ingredient.strip().lower()
    return [
        name
        for name, parts, meatless, minutes in RECIPES
        if any(wanted in part or part in wanted for part in parts)
        and minutes <= max_minutes
        and (meatless or not vegetarian)
    ]
