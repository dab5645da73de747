"""The tables nano is made of, read from the three YAML files beside this module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


def _load(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


_FACTS, _PHRASES, _DOMAINS = _load("facts.yaml"), _load("phrases.yaml"), _load("domains.yaml")

CAPITAL: dict[str, str] = _FACTS["capital"]
CONTINENT: dict[str, str] = {country: name for name, members in _FACTS["continent"].items() for country in members}
CURRENCY: dict[str, str] = _FACTS["currency"]
SYMBOL: dict[str, str] = _FACTS["symbol"]
YOUNG: dict[str, str] = _FACTS["young"]
SOUND: dict[str, str] = _FACTS["sound"]
COLOR: dict[str, str] = _FACTS["color"]
OPPOSITE: dict[str, str] = _FACTS["opposite"] | {b: a for a, b in _FACTS["opposite"].items()}
PLURAL: dict[str, str] = _FACTS["plural"]
PAST: dict[str, str] = _FACTS["past"]
FRENCH: dict[str, str] = _FACTS["french"]
SPANISH: dict[str, str] = _FACTS["spanish"]
MEANING: dict[str, str] = _FACTS["meaning"]
GENERAL: dict[str, tuple[str, str]] = {q: (a, word) for q, (a, word) in _FACTS["general"].items()}
UNITS: dict[tuple[str, str], int] = {(big, small): count for big, small, count in _FACTS["units"]}
DAYS: list[str] = _FACTS["days"]
MONTHS: list[str] = _FACTS["months"]
WOMEN: list[str] = _FACTS["women"]
NAMES: list[str] = sorted(WOMEN + _FACTS["men"])
THINGS: list[str] = _FACTS["things"]
GOODS: list[str] = _FACTS["goods"]

LISTS: dict[str, list[str]] = _PHRASES["lists"]
TOPICS: dict[str, list[str]] = _PHRASES["topics"]
TIPS: dict[str, list[str]] = _PHRASES["tips"]
REQUESTS: dict[str, list[str]] = _PHRASES["requests"]
CASUAL: dict[str, str] = _PHRASES["casual"]
ACTIONS: list[str] = _PHRASES["actions"]
WORDY: dict[str, tuple[str, str]] = {long: (short, frame) for long, (short, frame) in _PHRASES["wordy"].items()}
PEOPLE: list[str] = _PHRASES["people"]
GRAMMAR: dict[str, str] = _PHRASES["grammar"]
PRAISE: dict[str, str] = dict(_PHRASES["praise"])
COMPLAINT: dict[str, str] = dict(_PHRASES["complaint"])
REVIEWED: list[str] = _PHRASES["reviewed"]
PLACES: list[str] = _PHRASES["places"]
DEEDS: list[str] = _PHRASES["deeds"]
FEELINGS: list[str] = _PHRASES["feelings"]
EMAILS: dict[str, list[str]] = _PHRASES["emails"]
PROGRAMS: dict[str, list[str]] = _PHRASES["programs"]
TALK: dict[str, list[str]] = _PHRASES["talk"]

DOMAINS: list[str] = list(_DOMAINS)
DOMAIN_SHARE: dict[str, float] = {name: float(domain["share"]) for name, domain in _DOMAINS.items()}
DOMAIN_KNOWLEDGE: dict[str, str] = {name: domain["knowledge"] for name, domain in _DOMAINS.items()}
SYSTEM_PROMPTS: dict[str, list[str]] = {name: domain["prompts"] for name, domain in _DOMAINS.items()}
