"""An article as an encyclopaedia has it: a title, a lead that names it, sections, and nobody addressed."""

import re

from smoltalk.text import words

_TITLE = re.compile(r"^# +(.+)$")
_SECTION = re.compile(r"^#{2,4} +(.+)$")
_PERSONS = frozenset({"me", "my", "mine", "we", "us", "our", "ours", "you", "your", "yours"})
_SAID = re.compile(r"[^\W\d_]+")
_SMALL = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "how", "in", "is", "it", "of", "on", "or", "the", "to"}
)
_LEAST_LEAD = 12


def fault(text: str) -> str:
    """What keeps a text from being such an article."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    title = _TITLE.match(lines[0])
    if not title:
        return "it does not begin with `# ` and a title"
    if any(_TITLE.match(line) for line in lines[1:]):
        return "it has more than one title"
    parts: list[tuple[str, list[str]]] = [(title[1], [])]
    for line in lines[1:]:
        if section := _SECTION.match(line):
            parts.append((section[1], []))
        else:
            parts[-1][1].extend(words(line))
    lead = parts[0][1]
    if len(lead) < _LEAST_LEAD:
        return "it has no lead above the first section"
    named = set(words(title[1])) - _SMALL
    if named and not any(_is_same(word, other) for word in named for other in lead):
        return "its lead does not name what the title names"
    if len(parts) < 2:
        return "it has no sections"
    if empty := next((name for name, said in parts if len(said) < 3), ""):
        return f"section `{empty[:40]}` says nothing"
    addressed = _addressed("\n".join(lines))
    return f"it says `{addressed}`, and an encyclopaedia addresses nobody" if addressed else ""


def _addressed(text: str) -> str:
    """The first word for the writer or the reader; "" where there is none. `US` is a country, `Elizabeth I` a name."""
    before = ""
    for word in _SAID.findall(text):
        if word == "I" and not before[:1].isupper():
            return "I"
        if word in _PERSONS or (word.istitle() and word.lower() in _PERSONS):
            return str(word)
        before = word
    return ""


def _is_same(word: str, other: str) -> bool:
    """Whether two words are the same but for a plural's ending."""
    return word == other or word.rstrip("s") == other.rstrip("s")
