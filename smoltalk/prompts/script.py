"""A file of replies: what is said to which request, in jinja2, and which of several texts is chosen."""

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from pydantic import BaseModel, ConfigDict, Field, field_validator

from smoltalk.chat_format.limits import Bounded
from smoltalk.described import Described
from smoltalk.document import parse, read_text
from smoltalk.errors import RowFailed, UserError, WorldError
from smoltalk.fields import fill

_KIND = "file of replies"
LONGEST = 20_000
"""Characters of a request that patterns are searched in: `re` backtracks, in the square of them and worse."""
_SECONDS = 2.0
"""Of processor time that one pattern is given for one request."""


class _Slow(Exception):
    """The time is up."""


class Rule(Described):
    """What is said to requests that fit."""

    when: str = ""
    """A regular expression searched in the request: its messages, a blank line between two. Empty fits all."""
    role: Literal["assistant", "user"] = "assistant"
    """Whose turn is to be written."""
    every: int = Field(default=1, ge=1)
    """Fits one request in so many, told by a hash of the request: a model's lapses."""
    say: tuple[str, ...] = Field(min_length=1)
    """Replies in jinja2; `m` are the groups of the match, by number and by name. A hash of the request chooses one."""

    @field_validator("when")
    @classmethod
    def _is_a_pattern(cls, when: str) -> str:
        try:
            re.compile(when, re.DOTALL)
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from None
        return when


class _Rules(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = Field(min_length=1)


class Script:
    """The rules of a file, compiled; the first that fits speaks. Raises `UserError` with every mistake, by line."""

    def __init__(self, path: str) -> None:
        self.path, self.text = path, read_text(Path(path), _KIND)
        document, environment = parse(self.text, path), Bounded(undefined=StrictUndefined)
        problems = list(document.problems)
        try:
            rules = fill(_Rules, document.data, document, (), "script").rules
        except UserError as error:
            raise UserError([*problems, *error.problems]) from None
        self._environment = environment
        self.rules: list[tuple[Rule, re.Pattern[str], list[Template]]] = []
        for i, rule in enumerate(rules):
            texts: list[Template] = []
            for j, text in enumerate(rule.say):
                try:
                    texts.append(environment.from_string(text))
                except TemplateSyntaxError as error:
                    problems.append(document.problem(("rules", i, "say", j), f"not jinja2: {error.message}"))
            self.rules.append((rule, re.compile(rule.when, re.DOTALL), texts))
        if problems:
            raise UserError(problems)

    def reply(self, asked: str, role: str, drawn: int) -> str:
        """What is said to a request; `drawn` is the number that chooses.

        Raises `RowFailed`: `no_rule` where none fits, `script` where its text cannot be filled, `prompt_too_long`; and
        `WorldError` for a pattern that takes seconds, since the event loop waits for it.
        """
        if len(asked) > LONGEST:
            detail = f"the request has {len(asked):,} characters, and scripts are searched for {LONGEST:,} at most"
            raise RowFailed("prompt_too_long", detail)
        for rule, pattern, texts in self.rules:
            match = self._search(pattern, asked) if rule.role == role else None
            if match and (drawn >> 32) % rule.every == 0:
                return self._filled(texts[drawn % len(texts)], match)
        raise RowFailed("no_rule", f"no rule of {self.path} fits a request that begins with {asked[:80]!r}")

    def _search(self, pattern: re.Pattern[str], asked: str) -> re.Match[str] | None:
        try:
            with _limited(_SECONDS):
                return pattern.search(asked)
        except _Slow:
            sentence = f"a pattern of {self.path} takes more than {_SECONDS:.0f} s for {len(asked):,} characters"
            raise WorldError(
                f"{sentence}; write it so that it need not try many ways: {pattern.pattern[:80]}"
            ) from None

    def _filled(self, template: Template, match: re.Match[str]) -> str:
        try:
            self._environment.fresh()
            return template.render(m=dict(_groups(match)))
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise RowFailed("script", f"{type(error).__name__}: {error}"[:200]) from None


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raises `_Slow` when the time is up, by a timer: `re` holds every other thread up, but lets signals in.

    The timer counts the processor's time, so that a machine that is busy otherwise changes nothing. Only the main
    thread is told of signals; others have no limit.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGVTALRM"):
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise _Slow

    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _groups(match: re.Match[str]) -> Iterator[tuple[int | str, str]]:
    yield 0, match[0]
    yield from ((i, text or "") for i, text in enumerate(match.groups(), 1))
    yield from ((name, text or "") for name, text in match.groupdict().items())
