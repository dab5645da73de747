"""The gate that keeps conversations of a wanted shape."""

from collections.abc import Sequence
from typing import Any, Self

from pydantic import Field, model_validator

from smoltalk.contracts import KEEP, RowGate, Verdict
from smoltalk.rows import Row
from smoltalk.text import shown, words

GREETINGS = ("hi", "hello", "hey", "good morning", "good afternoon", "good evening", "greetings", "hiya", "howdy")


class Dialogue(RowGate):
    """Keeps a conversation with the wanted number of exchanges, whose turns are short, and which opens as it should.

    An exchange is one user turn with its answer; a system turn is not counted. `everyday` dialogues have three or four
    and open with a greeting. Nobody says twice the same: a model that has nothing more to say repeats itself.
    """

    of: str = "messages"
    min_exchanges: int = Field(default=1, ge=1)
    max_exchanges: int | None = Field(default=None, ge=1)
    max_words: int | None = Field(default=None, ge=1)
    """Words in one turn at most."""
    opens_with: tuple[str, ...] = ()
    """What the first user turn begins with: one of these, as whole words in any case; `greeting` is a list of ours."""
    repeats: bool = False
    """Whether a speaker may say the same twice."""

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.max_exchanges is not None and self.min_exchanges > self.max_exchanges:
            bounds = f"`min_exchanges` ({self.min_exchanges}) is greater than `max_exchanges` ({self.max_exchanges})"
            raise ValueError(f"{bounds}: no row can pass")
        return self

    def reads(self) -> frozenset[str]:
        return frozenset({self.of})

    def judge(self, row: Row) -> Verdict:
        """Reject with `no_dialogue`, `too_few_exchanges`, `too_many_exchanges`, `other_opening`, `long_turn` or
        `repeated_turn`; evidence: the number and its bound, or the turn."""
        turns = _turns(row.get(self.of))
        if not turns:
            return Verdict(False, "no_dialogue", {"column": self.of, "value": shown(row.get(self.of))})
        exchanges = sum(role == "user" for role, _ in turns)
        if exchanges < self.min_exchanges:
            return Verdict(False, "too_few_exchanges", {"exchanges": exchanges, "min": self.min_exchanges})
        if self.max_exchanges is not None and exchanges > self.max_exchanges:
            return Verdict(False, "too_many_exchanges", {"exchanges": exchanges, "max": self.max_exchanges})
        if self.opens_with and not self._opens(turns[0][1]):
            return Verdict(False, "other_opening", {"turn": 0, "begins": shown(turns[0][1], 80)})
        return self._turn_by_turn(turns)

    def _opens(self, text: str) -> bool:
        said = words(text)
        openings = [opening for one in self.opens_with for opening in (GREETINGS if one == "greeting" else (one,))]
        return any(said[: len(wanted)] == wanted for opening in openings if (wanted := words(opening)))

    def _turn_by_turn(self, turns: Sequence[tuple[str, str]]) -> Verdict:
        said: set[tuple[str, ...]] = set()
        for number, (role, text) in enumerate(turns):
            found = words(text)
            if self.max_words is not None and len(found) > self.max_words:
                evidence = {"turn": number, "role": role, "words": len(found), "max": self.max_words}
                return Verdict(False, "long_turn", evidence)
            line = (role, *found)
            if line in said and not self.repeats:
                return Verdict(False, "repeated_turn", {"turn": number, "role": role, "text": shown(text, 80)})
            said.add(line)
        return KEEP


def _turns(value: Any) -> list[tuple[str, str]]:
    """Roles and texts of the turns that are not the system's; empty for anything that is no list of turns."""
    found: list[tuple[str, str]] = []
    for turn in value if isinstance(value, list | tuple) else ():
        role, text = (turn.get("role"), turn.get("content")) if isinstance(turn, dict) else (None, None)
        if not isinstance(role, str) or not isinstance(text, str):
            return []
        if role != "system":
            found.append((role, text))
    return found
