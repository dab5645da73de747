"""Surface variation of a question that does not change its answer, and the way back to the plain question."""

from __future__ import annotations

from random import Random

from smoltalk.nano.wording import capitalized, uncapitalized

GREETINGS = ("Hi! ", "Hey! ", "Quick question: ")
_IMPERATIVES = (
    "Write", "List", "Name", "Give", "Make", "Rewrite", "Convert", "Calculate", "Describe", "Fix", "Summarize", "Put",
    "Explain", "Divide", "Correct", "Continue",
)  # fmt: skip


def varied(rng: Random, query: str) -> str:
    """Mostly the question itself, now and then with a greeting, a please or a careless ending."""
    draw = rng.random()
    if draw < 0.04 and query.split()[0] in _IMPERATIVES:
        return "Please " + uncapitalized(query)
    if draw < 0.07:
        return rng.choice(GREETINGS) + query
    if draw < 0.10 and query[-1] in "?." and "\n" not in query:
        return query[:-1]
    return query


def readings(query: str) -> list[str]:
    """The plain questions that a varied one may stand for, the likeliest first."""
    plain = query.strip()
    for opening in (*GREETINGS, "Please "):
        if plain.startswith(opening) and len(plain) > len(opening):
            plain = plain[len(opening) :]
    plain = capitalized(plain)
    return list(dict.fromkeys((query.strip(), plain, plain + "?", plain + ".")))
