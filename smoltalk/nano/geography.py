"""Geography: capitals, continents and currencies."""

from __future__ import annotations

from smoltalk.nano.task import again, lookup, onward
from smoltalk.nano.world import CAPITAL, CONTINENT, CURRENCY

DOMAIN = "geography"

capital = lookup(
    "capital",
    DOMAIN,
    CAPITAL,
    ("What is the capital of {key}?", "Which city is the capital of {key}?", "Name the capital of {key}."),
    ("The capital of {key} is {value}.",),
    "find a capital city",
    weight=2.5,
)
country = lookup(
    "country",
    DOMAIN,
    {city: land for land, city in CAPITAL.items()},
    ("Which country has the capital {key}?", "{key} is the capital of which country?"),
    ("{key} is the capital of {value}.",),
    "find the country of a city",
    weight=1.5,
)
continent = lookup(
    "continent",
    DOMAIN,
    CONTINENT,
    ("On which continent is {key}?", "What continent is {key} in?"),
    ("{key} is in {value}.",),
    "find the continent of a country",
    weight=1.3,
)
currency = lookup(
    "currency",
    DOMAIN,
    CURRENCY,
    ("What currency is used in {key}?", "What money do people use in {key}?"),
    ("People in {key} use the {value}.",),
    "find the currency of a country",
    weight=0.8,
)

TASKS = [capital, country, continent, currency]
FOLLOW_UPS = [
    again(capital, "And the capital of {key}?", "What about the capital of {key}?", weight=2),
    again(country, "And which country has the capital {key}?"),
    again(continent, "And on which continent is {key}?", weight=1.5),
    again(currency, "And in {key}?", weight=1.5),
    onward(continent, "On which continent is that country?", of=(capital, currency)),
    onward(capital, "And what is its capital?", of=(continent, currency)),
    onward(currency, "What money do they use there?", of=(capital, continent), weight=1.5),
]
