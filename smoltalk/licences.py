"""Names of licences: which the Hub knows, how people write them, and whether one is stated at all."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_NAMES = (
    "apache-2.0 mit openrail openrail++ bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 "
    "bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0 "
    "cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 "
    "cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 "
    "cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl "
    "gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 lgpl-lr isc intel-research lppl-1.3c ms-pl apple-ascl apple-amlr "
    "mpl-2.0 odc-by odbl osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl llama2 llama3 llama3.1 llama3.2 llama3.3 "
    "llama4 gemma unknown other"
)
KNOWN = _NAMES.split()
"""Identifiers the Hub knows (hf.co/docs/hub/repositories-licenses)."""

_UNSTATED = {"", "unknown", "none", "not stated", "n/a", "todo", "tbd"}
_NO_PART_OF_A_NAME = r"\b(the|licen[cs]e|version)\b|v(?=\d)"
_ALIKE = 0.7
"""How much of two names must be the same for one to be taken for the other misspelt (difflib's ratio)."""


def is_stated(licence: str | None) -> bool:
    """Whether it says anything: `unknown` and the like do not."""
    return (licence or "").strip().lower() not in _UNSTATED


def identifier(licence: str) -> str:
    """As the Hub writes it: `Apache License, Version 2.0` is `apache-2.0`. Of what it does not know, a like name."""
    short = _short(licence)
    return short if short in KNOWN else _dashed(licence.lower())


def _short(licence: str) -> str:
    return _dashed(re.sub(_NO_PART_OF_A_NAME, " ", licence.lower()))


def _dashed(name: str) -> str:
    return re.sub(r"[^a-z0-9.+]+", "-", name).strip("-")


def meant(licence: str | None) -> str:
    """The licence that a misspelt one may stand for: `Apache` for `apache-2.0`; empty for one that is known, for one
    that is like none, and for none at all."""
    if not is_stated(licence) or identifier(licence or "") in KNOWN:
        return ""
    name = _short(licence or "")
    longer = [one for one in KNOWN if name and one.startswith((f"{name}-", f"{name}."))]
    shortest = [one for one in longer if len(one) == min(map(len, longer))]
    return (shortest[-1:] or get_close_matches(name, KNOWN, n=1, cutoff=_ALIKE) or [""])[0]


def misspelt(licence: str | None, near: str) -> str:
    """What to say of one that is like another."""
    return f"the Hub knows no licence `{licence}`, and would show `other`: did you mean `{near}`?"


def of_all(licences: Iterable[str | None]) -> str | None:
    """That of the whole, of its parts' licences: theirs where they agree, `other` where they do not, None where one
    part states none."""
    found = list(licences)
    if not found or not all(map(is_stated, found)):
        return None
    names = {identifier(one or "") for one in found}
    return names.pop() if len(names) == 1 else "other"
