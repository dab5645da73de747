"""An engine whose replies are written in a file: for rehearsing a pipeline without a model."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from smoltalk.contracts import Engine
from smoltalk.document import parse, read_text
from smoltalk.errors import RowFailed, UserError
from smoltalk.fields import fill
from smoltalk.requests import Reply, Request

if TYPE_CHECKING:
    from jinja2 import Template


class Rule(BaseModel):
    """What is said to requests that fit."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

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


class Script(BaseModel):
    """A file of rules; the first that fits speaks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = Field(min_length=1)


class Scripted(Engine):
    """Says what its file says: no model, no network, the same reply to the same request with the same seed.

    It rehearses a pipeline, and tests the rest of it; what it makes is no data to train on.
    """

    replies: str
    """A YAML file: `rules: [{when: REGEX, say: [TEXT, ...]}, ...]`, the first that fits speaks."""

    @model_validator(mode="after")
    def _script_reads(self) -> Self:
        _ = self._rules
        return self

    def identity(self) -> dict[str, Any]:
        """The file counts by its text, not by its name."""
        return {"replies": read_text(Path(self.replies), "file of replies")}

    def plan(self) -> str:
        return f"scripted: {len(self._rules)} rules of {self.replies}"

    async def start(self, folder: Path) -> None:
        """Nothing to start: the file is read when the pipeline is."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def complete(self, request: Request) -> Reply:
        """The reply of the first rule that fits. Raises `RowFailed` (`no_rule`) where none does."""
        asked = "\n\n".join(turn["content"] for turn in request.messages)
        drawn = _hash(asked, request.seed)
        for rule, pattern, texts in self._rules:
            match = pattern.search(asked) if rule.role == request.role else None
            if match and (drawn >> 32) % rule.every == 0:
                return _reply(_said(texts[drawn % len(texts)], match), asked, request.sampling.max_tokens)
        raise RowFailed("no_rule", f"no rule of {self.replies} fits a request that begins with {asked[:80]!r}")

    @cached_property
    def _rules(self) -> "tuple[tuple[Rule, re.Pattern[str], tuple[Template, ...]], ...]":
        from jinja2 import StrictUndefined, TemplateSyntaxError

        from smoltalk.chat_format.limits import Bounded

        document = parse(read_text(Path(self.replies), "file of replies"), self.replies)
        problems, environment = list(document.problems), Bounded(undefined=StrictUndefined)
        rules: list[tuple[Rule, re.Pattern[str], tuple[Template, ...]]] = []
        try:
            script = fill(Script, document.data, document, (), "script")
        except UserError as error:
            raise UserError([*problems, *error.problems]) from None
        for i, rule in enumerate(script.rules):
            texts: list[Template] = []
            for j, text in enumerate(rule.say):
                try:
                    texts.append(environment.from_string(text))
                except TemplateSyntaxError as error:
                    problems.append(document.problem(("rules", i, "say", j), f"not jinja2: {error.message}"))
            rules.append((rule, re.compile(rule.when, re.DOTALL), tuple(texts)))
        if problems:
            raise UserError(problems)
        return tuple(rules)


def _hash(asked: str, seed: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed}\n{asked}".encode("utf-8", "replace"), digest_size=8).digest())


def _said(template: "Template", match: re.Match[str]) -> str:
    from jinja2 import TemplateError

    groups: Mapping[int | str, str] = dict(_groups(match))
    try:
        template.environment.fresh()  # type: ignore[attr-defined]
        return template.render(m=groups)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise RowFailed("script", f"{type(error).__name__}: {error}"[:200]) from None


def _groups(match: re.Match[str]) -> Iterator[tuple[int | str, str]]:
    yield 0, match[0]
    yield from ((i, text or "") for i, text in enumerate(match.groups(), 1))
    yield from ((name, text or "") for name, text in match.groupdict().items())


def _reply(text: str, asked: str, room: int) -> Reply:
    """A word counts as a token; a reply that is too long is cut off, as a model's would be."""
    words, tokens_in = text.split(), len(asked.split())
    if len(words) > room:
        return Reply(" ".join(words[:room]), "length", tokens_in, room)
    return Reply(text, "stop", tokens_in, len(words))
