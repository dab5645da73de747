"""Where sentences end, told by rules alone: nothing is downloaded, and the same text gives the same count anywhere.

It follows what NLTK's English Punkt model (Kiss and Strunk 2006) does on ordinary prose: a mark ends a sentence where
white space follows, a period after an abbreviation or an initial does not, a line break alone ends nothing. It differs
where Punkt counts things that no reader would: the `1.` of a numbered list is no sentence. And marks of scripts that
Punkt's English model does not know end sentences too (`。！？।۔؟`).
"""

import re

_END = re.compile(r"""(?P<mark>[.!?…。！？।॥۔؟]+)["'”’»」』）)\]*_]*""")
"""Marks, then closing quotes and brackets."""
_ALWAYS = "。！？"
"""Marks that need no white space behind them."""


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NEVER_LAST = _listed(
    "mr mrs ms dr prof rev hon st gen col maj capt lt sgt gov sen mt fig figs eq nos vol vols pp eds "
    "vs e.g i.e cf al approx dept viz resp"
)
"""Abbreviations that something follows."""
_SELDOM_LAST = _listed(
    "etc jr sr inc ltd co corp a.m p.m u.s u.k u.n d.c ph.d m.d b.a m.a b.c a.d jan feb apr jun jul aug sep sept "
    "oct nov dec tue thu fri"
)
"""Abbreviations that end a sentence where a capital letter follows."""
_LONGEST_ABBREVIATION = 6
_LONGEST_WORD = 64
_OPENING = "\"'“‘([*_"


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, without the space between them; what follows the last mark is one as well."""
    found, begin = [], 0
    for end in _ends(text):
        if piece := text[begin:end].strip():
            found.append(piece)
        begin = end
    if rest := text[begin:].strip():
        found.append(rest)
    return found


def _ends(text: str) -> list[int]:
    """Positions behind the marks that end a sentence."""
    return [m.end() for m in _END.finditer(text) if _is_end(text, m)]


def _is_end(text: str, match: re.Match[str]) -> bool:
    mark, at, end = match["mark"], match.start(), match.end()
    if mark[-1] in _ALWAYS:
        return True
    if end < len(text) and not text[end].isspace():
        return False
    if mark != ".":
        return mark.strip(".…") != "" or not _next(text, match).islower()
    before = text[max(0, at - _LONGEST_WORD) : at]
    as_written = before.rsplit(None, 1)[-1].lstrip(_OPENING) if before.strip() else ""
    if len(as_written) > _LONGEST_ABBREVIATION:
        return True
    word = as_written.lower()
    if (word.isdigit() or len(word) == 1) and before.rpartition("\n")[2].strip() == as_written:
        return False  # the number of a list's item
    if len(word) == 1 and word != "i" and as_written.isupper():
        return False  # an initial
    if word in _NEVER_LAST:
        return not _next(text, match)
    return word not in _SELDOM_LAST or not _next(text, match).islower()


def _next(text: str, match: re.Match[str]) -> str:
    """The first character of the next word, "" at the end."""
    return text[match.end() : match.end() + 12].lstrip(f"{_OPENING} \t\n")[:1]
