"""How many tokens conversations are, as a model's own chat template and tokenizer write them; many at a time."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from smoltalk.chat_format.folder import FILES
from smoltalk.chat_format.format import ChatFormat
from smoltalk.chat_format.hub import fetch
from smoltalk.errors import RowFailed, WorldError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Turn = tuple[str, str]
"""Role and content."""

_BATCH = 1_000_000
"""Characters that are tokenized at a time: what a tokenizer says of a text takes many times its size."""
_SENTINELS = ("zqfirstqz", "zqsecondqz", "zqthirdqz", "zqfourthqz", "zqfifthqz")
_SHIPPED = "nano"


class TokenCounter:
    """A tokenizer and what its chat template writes around turns; without a template, contents alone are counted.

    Most templates only put marks between turns. Those are taken from a few conversations rendered once, and checked on
    others; whatever may not follow them (a tool's turn, a thought, an empty turn) is rendered for itself.
    Threads may share one.
    """

    def __init__(self, tokenizer: "Tokenizer", chat: ChatFormat | None) -> None:
        self._tokenizer, self._chat = tokenizer, chat
        self._marks = _marks(chat) if chat else None

    @classmethod
    def named(cls, name: str) -> "TokenCounter":
        """`nano`, a tokenizer.json, a folder with one, or a model of the Hub. Raises `WorldError` with what to do."""
        from tokenizers import Tokenizer

        folder = _folder(name)
        file = folder / "tokenizer.json"
        if not file.is_file():
            raise WorldError(f"{name} has no tokenizer.json, which `tokenizer` needs to count tokens")
        try:
            tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # tokenizers raises bare Exception
            raise WorldError(f"{file} cannot be read: {error}") from None
        tokenizer.no_truncation()
        tokenizer.no_padding()
        try:
            chat = ChatFormat.of_folder(folder)
        except WorldError:
            chat = None
        return cls(tokenizer, chat)

    def count(self, conversations: Sequence[Sequence[Turn]]) -> list[int]:
        """Tokens of each conversation. Lets other threads work meanwhile."""
        found: list[int] = []
        waiting: list[str] = []
        size = 0
        for turns in conversations:
            waiting.append(self.text(turns))
            size += len(waiting[-1])
            if size >= _BATCH:
                found += self._counted(waiting)
                waiting, size = [], 0
        return found + self._counted(waiting)

    def text(self, turns: Sequence[Turn]) -> str:
        """What is tokenized of a conversation."""
        if self._chat is None:
            return "\n".join(content for _, content in turns)
        if self._marks is not None and (text := self._marks.joined(turns)) is not None:
            return text
        try:
            return self._chat.whole([{"role": role, "content": content} for role, content in turns])  # type: ignore[typeddict-item]
        except (RowFailed, KeyError):  # the template takes no such turns: what they say still counts
            return "\n".join(content for _, content in turns)

    def _counted(self, texts: list[str]) -> list[int]:
        if not texts:
            return []
        return [len(one) for one in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


class _Marks:
    """What a template writes between a turn of one role and the next, `""` being both ends."""

    def __init__(self, between: dict[tuple[str, str], str], trims: bool) -> None:
        self._between, self._trims = between, trims

    def joined(self, turns: Sequence[Turn]) -> str | None:
        """The template's text; None where it may be another."""
        parts: list[str] = []
        last = ""
        for role, content in turns:
            mark = self._between.get((last, role))
            if mark is None or not content.strip() or "<think" in content or "</think" in content:
                return None
            parts += (mark, content.strip() if self._trims else content)
            last = role
        end = self._between.get((last, ""))
        return None if end is None else "".join((*parts, end))


def _marks(chat: ChatFormat) -> _Marks | None:
    """The marks of a template; None for one that does more than put marks between turns."""
    between: dict[tuple[str, str], str] = {}
    for roles in (["user"], ["user", "assistant", "user", "assistant"], ["system", "user", "assistant", "user"]):
        for pair, mark in _rendered(chat, roles):
            if between.setdefault(pair, mark) != mark:
                return None
    for trims in (False, True):
        marks = _Marks(between, trims)
        if all(marks.joined(probe) == _whole(chat, probe) for probe in _probes(("", "system") in between)):
            return marks
    return None


def _rendered(chat: ChatFormat, roles: list[str]) -> Iterator[tuple[tuple[str, str], str]]:
    """The marks around the turns of one rendered conversation; none where the template refuses it."""
    text = _whole(chat, list(zip(roles, _SENTINELS, strict=False)))
    if text is None or any(text.count(word) != 1 for word in _SENTINELS[: len(roles)]):
        return
    for (before, role), word in zip(pairwise(["", *roles]), _SENTINELS, strict=False):
        mark, _, text = text.partition(word)
        yield (before, role), mark
    yield (roles[-1], ""), text


def _probes(system: bool) -> Iterator[list[Turn]]:
    turns = [
        ("user", "  What\n\nis it? "),
        ("assistant", " It is.\n"),
        ("user", "No <b> & 'x' {{ y }}"),
        ("assistant", "é"),
    ]
    yield turns
    yield turns[:2]
    yield turns[:1]
    yield turns + turns
    if system:
        yield [("system", " Be kind. "), *turns]


def _whole(chat: ChatFormat, turns: Sequence[Turn]) -> str | None:
    try:
        return chat.render([{"role": role, "content": content} for role, content in turns])
    except RowFailed:
        return None


def _folder(name: str) -> Path:
    if name == _SHIPPED:
        return Path(__file__).parents[1] / "nano" / "model"
    file = Path(name).expanduser()
    return file.parent if file.is_file() else fetch(name, None, FILES)
