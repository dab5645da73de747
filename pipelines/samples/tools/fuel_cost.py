"""What a drive costs."""


def fuel_cost(distance_km: float, litres_per_100km: float, price_per_litre: float) -> float:
    """Works out what the fuel of a drive costs.

    Args:
        distance_km: How far it is, in kilometres.
        litres_per_100km: How much the car takes on 100 kilometres, in litres.
        price_per_litre: What a litre costs.
    """
    return round(distance_km / 100 * litres_per_100km * price_per_litre, 2)
