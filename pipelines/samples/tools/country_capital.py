"""Capitals of some countries."""

CAPITALS = {
    "argentina": "Buenos Aires", "australia": "Canberra", "austria": "Vienna", "brazil": "Brasília",
    "canada": "Ottawa", "chile": "Santiago", "egypt": "Cairo", "finland": "Helsinki", "france": "Paris",
    "germany": "Berlin", "greece": "Athens", "india": "New Delhi", "indonesia": "Jakarta", "ireland": "Dublin",
    "italy": "Rome", "japan": "Tokyo", "kenya": "Nairobi", "mexico": "Mexico City", "morocco": "Rabat",
    "new zealand": "Wellington", "norway": "Oslo", "peru": "Lima", "poland": "Warsaw", "portugal": "Lisbon",
    "south korea": "Seoul", "spain": "Madrid", "sweden": "Stockholm", "thailand": "Bangkok", "turkey": "Ankara",
    "vietnam": "Hanoi",
}  # fmt: skip


def country_capital(country: str) -> str:
    """Looks up the capital of a country.

    Args:
        country: The country's name in English.
    """
    name = country.strip().lower()
    if name not in CAPITALS:
        raise ValueError(f"no capital of {country!r} is known here")
    return CAPITALS[name]
