"""For every constraint: a text that is built to keep it, and the same broken in one place."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from smoltalk.constraints import Constraint

PROSE = "the children sat on the grass and ate bread near the old barn".split()  # noqa: SIM905
"""English without j, k, q, v, w, x and z, in words of eight letters and fewer."""
ENGLISH = (
    "The weather was so bad today that we stayed in the house all day.",
    "After the rain had stopped the children went out to look for snails.",
    "Nobody has used the old barn behind the school for more than ten years.",
)
GERMAN = "Das Wetter war heute so schlecht, dass wir den ganzen Tag im Haus geblieben sind."
IN_LANGUAGE = {
    "ar": "ذهبنا اليوم إلى السوق لنشتري الخبز والفاكهة ثم عدنا إلى البيت مساء.",
    "de": GERMAN,
    "es": "Hoy fuimos al mercado para comprar pan y fruta, y volvimos a casa por la tarde.",
    "fi": "Menimme tänään torille ostamaan leipää ja hedelmiä ja palasimme illalla kotiin.",
    "fr": "Nous sommes allés au marché pour acheter du pain et des fruits avant de rentrer.",
    "hi": "हम आज बाजार गए और वहाँ से रोटी और फल खरीदकर शाम को घर लौट आए।",
    "ko": "우리는 오늘 시장에 가서 빵과 과일을 사고 저녁에 집으로 돌아왔습니다.",
    "pl": "Poszliśmy dziś na targ kupić chleb i owoce, a wieczorem wróciliśmy do domu.",
    "ru": "Сегодня мы пошли на рынок купить хлеба и фруктов и вернулись домой вечером.",
    "sw": "Leo tulikwenda sokoni kununua mkate na matunda, kisha tukarudi nyumbani jioni.",
    "vi": "Hôm nay chúng tôi đi chợ mua bánh mì và trái cây rồi trở về nhà vào buổi tối.",
}
BLANK_LINES = ("\n\n", "\n \t\n", "\r\n\r\n", "\n\n\n")
"""What parts paragraphs, for the constraints that are not IFEval's."""


class Pair(NamedTuple):
    """A text that keeps a constraint, and one that does not."""

    kept: str
    broken: str


def sentence(rng: Random, words: int | None = None) -> str:
    """A sentence of so many words."""
    return " ".join(rng.choices(PROSE, k=words or rng.randint(3, 12))).capitalize() + "."


def paragraph(rng: Random) -> str:
    """One to three sentences."""
    return " ".join(sentence(rng) for _ in range(rng.randint(1, 3)))


def _some(rng: Random, between: str, count: int) -> str:
    return between.join(paragraph(rng) for _ in range(count))


def _numbered(rng: Random, opening: Callable[[int], str], count: int) -> str:
    return "\n".join([sentence(rng), *(opening(at + 1) + sentence(rng) for at in range(count))])


def _table(rng: Random, columns: int, rows: int) -> str:
    def row(cell: str) -> str:
        return f"|{'|'.join([f' {cell} '] * columns)}|"

    return "\n".join([sentence(rng), "", row("head"), row("---"), *[row("cell")] * rows, "", sentence(rng)])


# Texts with exactly `n` of what a constraint counts.
COUNTED: dict[str, Callable[[Any, int, Random], str]] = {
    "keywords:frequency": lambda c, n, rng: " ".join([sentence(rng), *[c.keyword.title()] * n]),
    "keywords:letter_frequency": lambda c, n, rng: "4 5 6 " + " ".join(rng.choice([c.letter, c.letter.upper()]) * n),
    "length_constraints:number_sentences": lambda c, n, rng: " ".join(sentence(rng) for _ in range(n)),
    "length_constraints:number_paragraphs": lambda c, n, rng: _some(rng, "\n***\n", n),
    "length_constraints:number_words": lambda c, n, rng: " ".join(rng.choices(PROSE, k=n)),
    "detectable_content:number_placeholders": lambda c, n, rng: " ".join([sentence(rng), *["[name]"] * n]),
    "detectable_format:number_bullet_lists": lambda c, n, rng: _numbered(rng, lambda _: rng.choice(("* ", "- ")), n),
    "detectable_format:number_highlighted_sections": lambda c, n, rng: sentence(rng) + " *old barn*" * n,
    "detectable_format:multiple_sections": lambda c, n, rng: _numbered(rng, lambda i: f"{c.section_spliter} {i}\n", n),
    "combination:two_responses": lambda c, n, rng: "\n******\n".join(f"{i} {sentence(rng)}" for i in range(n)),
    "change_case:capital_word_frequency": lambda c, n, rng: sentence(rng).lower() + " LOUD" * n,
    "length:number_characters": lambda c, n, rng: f" {'a' * n}\n",
    "length:number_lines": lambda c, n, rng: _some(rng, rng.choice(("\n", "\n\n")), n),
    "length:sentence_words": lambda c, n, rng: f"{sentence(rng, 2)} {sentence(rng, n)}",
    "length:paragraph_words": lambda c, n, rng: sentence(rng, 2) + rng.choice(BLANK_LINES) + sentence(rng, n),
    "length:blank_line_paragraphs": lambda c, n, rng: _some(rng, rng.choice(BLANK_LINES), n),
    "length:word_letters": lambda c, n, rng: f"{sentence(rng)} {'m' * n}",
    "format:numbered_list": lambda c, n, rng: _numbered(rng, lambda i: f"{i}. ", n),
    "format:table": lambda c, n, rng: _table(rng, c.num_columns, n),
    "format:headings": lambda c, n, rng: _numbered(rng, lambda _: f"{'#' * c.level} Old barn\n", n),
    "format:checklist": lambda c, n, rng: _numbered(rng, lambda _: rng.choice(("- [ ] ", "- [x] ")), n),
    "content:links": lambda c, n, rng: sentence(rng) + " [a barn](https://example.org/barn)" * n,
    "words:exact_count": lambda c, n, rng: " ".join([sentence(rng), *[c.keyword] * n]),
    "marks:exclamations": lambda c, n, rng: sentence(rng) + " Oh!" * n,
}
_LIMITS = {
    "length:sentence_words": "max_words",
    "length:paragraph_words": "max_words",
    "length:word_letters": "max_letters",
}
_RELATIONS = ("relation", "let_relation", "capital_relation")
_NUMBERS = ("frequency", "let_frequency", "capital_frequency", "count", "num_rows")
_AT_LEAST = (
    "detectable_content:number_placeholders detectable_format:number_highlighted_sections "
    "detectable_format:multiple_sections"
)


def _counted(c: Any, rng: Random) -> Pair:
    if c.id in _LIMITS:
        most = getattr(c, _LIMITS[c.id])
        return Pair(COUNTED[c.id](c, most, rng), COUNTED[c.id](c, most + 1, rng))
    named = [name for name in type(c).model_fields if name in _NUMBERS or name.startswith("num_")]
    wanted = 2 if c.id == "combination:two_responses" else getattr(c, "num_rows" if "num_rows" in named else named[0])
    relation = next((getattr(c, name) for name in _RELATIONS if hasattr(c, name)), "exactly")
    if c.id in _AT_LEAST:
        relation = "at least"
    kept, broken = {
        "at least": (wanted + rng.randint(0, 2), wanted - 1),
        "less than": (wanted - 1, wanted + rng.randint(0, 2)),
        "exactly": (wanted, wanted + rng.choice((-1, 1))),
    }[relation]
    return Pair(COUNTED[c.id](c, kept, rng), COUNTED[c.id](c, broken, rng))


def _in_order(c: Any, rng: Random) -> Pair:
    words = [f"{sentence(rng)} {word}" for word in c.keywords]
    return Pair(" ".join(words), " ".join(reversed(words)))


def _nth(c: Any, rng: Random) -> Pair:
    parts = [paragraph(rng) for _ in range(c.num_paragraphs)]
    broken = "\n\n".join(parts)
    parts[c.nth_paragraph - 1] = f'"{c.first_word.title()}, {parts[c.nth_paragraph - 1]}'
    return Pair("\n\n".join(parts), broken)


def _labelled(c: Any, rng: Random) -> Pair:
    lines = [f"{rng.choice(('', '**'))}{label}: {sentence(rng)}" for label in c.labels]
    return Pair("\n".join(lines), "\n".join(reversed(lines)))


def _every(c: Any, rng: Random) -> Pair:
    parts = [f"{sentence(rng)} {c.keyword}!" for _ in range(3)]
    blank = rng.choice(BLANK_LINES)
    return Pair(blank.join(parts), blank.join([*parts, sentence(rng)]))


def _code(c: Any, rng: Random) -> Pair:
    block = f"{sentence(rng)}\n\n```{c.code_language}\n1 + 1\n```\n"
    return Pair(block, rng.choice((block * 2, block.replace("1 + 1\n", ""), block.replace(c.code_language, "cobol"))))


OTHERS: dict[str, Callable[[Any, Random], Pair]] = {
    "keywords:existence": lambda c, rng: Pair(f"{(s := sentence(rng))} {' '.join(c.keywords).upper()}", s),
    "keywords:forbidden_words": lambda c, rng: Pair(s := sentence(rng), f"{s} {c.forbidden_words[-1].upper()}."),
    "language:response_language": lambda c, rng: Pair(IN_LANGUAGE[c.language], rng.choice(ENGLISH)),
    "length_constraints:nth_paragraph_first_word": _nth,
    "detectable_content:postscript": lambda c, rng: Pair(f"{(s := sentence(rng))}\n\n{c.postscript_marker} {s}", s),
    "detectable_format:constrained_response": lambda c, rng: Pair(
        f"My answer is {rng.choice(('yes', 'no', 'maybe'))}.", "My answer is that it depends."
    ),
    "detectable_format:json_format": lambda c, rng: Pair(
        f"```json\n{(s := json.dumps({'a': sentence(rng)}))}\n```", f"Here it is: {s}"
    ),
    "detectable_format:title": lambda c, rng: Pair(f"<<{sentence(rng)}>>\n{(s := sentence(rng))}", f"<< >> {s}"),
    "combination:repeat_prompt": lambda c, rng: Pair(
        f"{c.prompt_to_repeat.upper()} {(s := sentence(rng))}", f"{s} {c.prompt_to_repeat}"
    ),
    "startend:end_checker": lambda c, rng: Pair(
        f'"{(s := sentence(rng))} {c.end_phrase.upper()}"', f"{c.end_phrase} {s}"
    ),
    "startend:quotation": lambda c, rng: Pair(f'"{(s := sentence(rng))}" ', f'"{s}'),
    "punctuation:no_comma": lambda c, rng: Pair(s := paragraph(rng), s.replace(" ", ", ", 1)),
    "change_case:english_capital": lambda c, rng: Pair(s := rng.choice(ENGLISH).upper(), s[:-2] + "x."),
    "change_case:english_lowercase": lambda c, rng: Pair(s := rng.choice(ENGLISH).lower(), s[:-2] + "X."),
    "format:code_block": _code,
    "format:json_keys": lambda c, rng: Pair(
        json.dumps(dict.fromkeys(c.keys, s := sentence(rng))), json.dumps(dict.fromkeys([*c.keys, "more"], s))
    ),
    "format:no_markdown": lambda c, rng: Pair(
        s := paragraph(rng),
        rng.choice(("# A barn\n{}", "{} **old**", "- {}", "`{}`", "[{}](x)", "| {} |", "> {}")).format(s),
    ),
    "format:labelled_lines": _labelled,
    "format:xml_tag": lambda c, rng: Pair(
        f"<{c.tag}>{(s := sentence(rng))}</{c.tag}>", rng.choice((f"<{c.tag}>{s}", f"{s}<{c.tag}>{s}</{c.tag}>"))
    ),
    "words:in_order": _in_order,
    "words:every_paragraph": _every,
    "words:forbidden_letter": lambda c, rng: Pair(s := paragraph(rng), f"{s} {c.letter.upper()}en"),
    "style:no_first_person": lambda c, rng: Pair(
        f"{(s := sentence(rng))} The US and i.e. Ito.",
        f"{s} {rng.choice(('I sat.', 'My barn.', 'Well...I sat.', 'So do I.', 'on us.'))}",
    ),
    "style:no_contractions": lambda c, rng: Pair(
        f"{(s := sentence(rng))} Anna's barn.",
        f"{s} {rng.choice(('It’s', 'they don’t', 'can' + chr(39) + 't', 'who’ve'))}",
    ),
    "style:no_digits": lambda c, rng: Pair(s := paragraph(rng), f"{s} {rng.choice('0٣७7')}"),
    "marks:forbidden": lambda c, rng: Pair(s := paragraph(rng), f"{s} {c.marks[-1]}"),
    "edges:first_words": lambda c, rng: Pair(f"{c.first_words}, {(s := sentence(rng))}", f"{c.first_words}x {s}"),
    "edges:final_question": lambda c, rng: Pair(
        f"{(s := sentence(rng))[:-1]}{rng.choice(('?', '?”', '?**', '?)'))}\n", s
    ),
    "edges:last_line_label": lambda c, rng: Pair(
        f"{(s := sentence(rng))}\n**{c.label}**: {s}",
        rng.choice((f"{c.label}: {s}", f"{s}\n{c.label}:", f"{s} {c.label}: {s}")),
    ),
}


def built(c: Constraint, rng: Random) -> Pair:
    """A text that keeps the constraint and one that does not."""
    return _counted(c, rng) if c.id in COUNTED else OTHERS[c.id](c, rng)
