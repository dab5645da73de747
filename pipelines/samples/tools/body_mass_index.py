"""The body mass index."""


def body_mass_index(weight_kg: float, height_cm: float) -> float:
    """Works out the body mass index of an adult.

    Args:
        weight_kg: The weight in kilograms.
        height_cm: The height in centimetres.
    """
    if weight_kg <= 0 or height_cm <= 0:
        raise ValueError("weight and height are more than zero")
    return round(weight_kg / (height_cm / 100) ** 2, 1)
