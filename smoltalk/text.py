"""Words about text that everyone uses: what is taken out of it before it is data, and how two texts are compared."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_TAG = re.compile(
    r"<(?=[|｜/<sbetBE])(?=([|｜][^|｜<>\s]{1,64}[|｜]>"
    r"|/?(?:s|(?:start|end)_of_(?:turn|image)|tool_(?:calls?|response|result|outputs?))>"
    r"|(?:bos|eos|sop|eop|BOS_TOKEN|EOS_TOKEN)>"
    r"|</?SYS>>))"
)
_BRACKET = re.compile(
    r"\[(?=[/A-Zg])(?=(/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|AVAILABLE_TOOLS)\]|gMASK\]))"
)
"""What chat templates of the known families write around turns and calls, and tokenizers read as one token: ChatML,
Llama 3, Phi, Command R (`<|...|>`), DeepSeek (the same with U+FF5C), Llama 2, Mistral, Gemma, GLM, Hermes and Qwen.
The first letter is matched, what follows is looked at: marks hold no space, so that one space breaks any. Two patterns,
each with one first letter, since `re` looks for that fast."""
_CALL = re.compile(r"(</?tool_call>)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
# Scripts written without spaces (kana, Han, Thai to Burmese, Khmer) count one word a character.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_APOSTROPHE = re.compile(r"(?<=[a-z])['’ʼ](?=[a-z])")
# Lower-case letters of other alphabets that look Latin; folded on both sides of every comparison, so nothing is lost.
_LOOKALIKE = str.maketrans("аеорсхуіјѕһԁԛԝοανικρτυχ", "aeopcxyijshdqwoavikptux")


def neutralise(text: str, calls: bool = False) -> str:
    """Text that no chat template or tokenizer can mistake for control tokens, valid as UTF-8.

    `<|im_end|>` becomes `< |im_end|>`: still readable, no longer special. Lone surrogates and NUL become U+FFFD. Only
    whole marks of known families count, letter for letter: `a < b`, `<b>`, `<script>` and `[1, 2]` stay. HTML's `<s>`
    is a control token of Llama 2 and Mistral in the very same letters, so it is broken like one. `calls`: the marks
    around a call stay (see `spells_calls`). Idempotent.
    """
    if calls:
        return "".join(part if _CALL.fullmatch(part) else neutralise(part) for part in _CALL.split(text))
    if "<" in text:
        text = _TAG.sub("< ", text)
    if "[" in text:
        text = _BRACKET.sub("[ ", text)
    if not text.isascii():
        text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in text else text


def spells_calls(system: str) -> bool:
    """Whether a system turn says that calls are written as text, as APIGen's and Hermes's do.

    In such a conversation `<tool_call>` is what the system and the assistant are meant to say; it ends no one's turn.
    What users and tools say is never trusted with it.
    """
    return "<tool_call>" in system and "</tool_call>" in system


def control_mark(text: str) -> str | None:
    """The first mark in a text that `neutralise` would break."""
    found = [match for match in (_TAG.search(text), _BRACKET.search(text)) if match]
    return min((match.start(), match[0] + match[1]) for match in found)[1] if found else None


def valid(text: str) -> str:
    """Text that can be written as UTF-8: lone surrogates become U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def strings(value: Any) -> Iterator[str]:
    """Every text inside a column's value, in order: the value itself, or the contents of turns and their parts.

    A mapping gives its `content`, `value` or `text` (a turn, a part of one), else all its values; numbers and None give
    nothing.
    """
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            named = [one[key] for key in ("content", "value", "text") if key in one]
            waiting += reversed(named or list(one.values()))
        elif isinstance(one, Sequence) and not isinstance(one, bytes | bytearray):
            waiting += reversed(one)


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with every text in it changed, keys too; a key that is no text becomes one."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(str(key)): with_texts(one, change) for key, one in value.items()}
    return [with_texts(one, change) for one in value] if isinstance(value, list) else value


def shown(value: Any, limit: int = 200) -> Any:
    """A value fit for evidence: a JSON scalar, at most `limit` characters, valid as UTF-8."""
    if value is None or isinstance(value, bool) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else f"an integer of {value.bit_length()} bits"
    return neutralise((value if isinstance(value, str) else written(value))[:limit])


def written(value: Any) -> str:
    """`repr`, also for what Python refuses to write: integers of thousands of digits, endless nesting."""
    try:
        return repr(value)
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} too large to write"


def normalise(text: str) -> str:
    """Text in one case, one Unicode form (NFKC), one kind of space and no invisible characters; idempotent."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(unicodedata.normalize("NFKC", _without("Cf", text)).split())


def words(text: str) -> list[str]:
    """The words of a text for comparing: case, punctuation, accents, width and look-alike letters do not count.

    Digits stay. `don't` is one word, every other mark parts words; scripts without spaces give one word a character.
    """
    text = normalise(text)
    if text.isascii():
        return _ASCII_WORD.findall(_APOSTROPHE.sub("", text))
    text = _without("Mn", unicodedata.normalize("NFKD", text)).translate(_LOOKALIKE)
    return _WORD.findall(unicodedata.normalize("NFKC", _APOSTROPHE.sub("", text)))


def _without(category: str, text: str) -> str:
    """The text without the characters of a Unicode category; each different character is looked up once."""
    gone = {ord(c): None for c in set(text) if unicodedata.category(c) == category}
    return text.translate(gone) if gone else text
