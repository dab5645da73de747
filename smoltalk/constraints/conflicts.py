"""Which constraints cannot be asked of one answer together: by id, and by what two of them with their kwargs demand.

Between IFEval's 25 the pairs are those of its own table, made symmetric: it names 102 pairs in one direction, which
are 94 in both (Zhou et al. 2023, arXiv 2311.07911, and lm-eval's `instructions_registry.py`). Ours are added below it.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import combinations

from smoltalk.constraints.constraint import Constraint

_OF_IFEVAL = {
    "detectable_format:constrained_response": "all but",
    "detectable_format:json_format": "all but keywords:existence keywords:forbidden_words",
    "combination:two_responses": "all but keywords:existence keywords:forbidden_words language:response_language "
    "detectable_format:title punctuation:no_comma",
    "combination:repeat_prompt": "all but keywords:existence detectable_format:title punctuation:no_comma",
    "language:response_language": "keywords:existence keywords:frequency keywords:forbidden_words startend:end_checker "
    "detectable_format:multiple_sections change_case:english_capital change_case:english_lowercase",
    "length_constraints:number_paragraphs": "length_constraints:number_sentences "
    "length_constraints:nth_paragraph_first_word",
    "detectable_format:multiple_sections": "detectable_format:number_highlighted_sections",
    "change_case:capital_word_frequency": "change_case:english_capital change_case:english_lowercase",
    "change_case:english_capital": "change_case:english_lowercase",
    "startend:quotation": "detectable_format:title",
}
_ADDED = {
    # Letters, words and capitals of English, asked of an answer in another language.
    "language:response_language": "keywords:letter_frequency length_constraints:nth_paragraph_first_word "
    "change_case:capital_word_frequency words:in_order words:exact_count words:every_paragraph words:forbidden_letter "
    "format:labelled_lines format:code_block edges:first_words edges:last_line_label style:no_first_person "
    "style:no_contractions length:word_letters",
    "format:json_keys": "all but",
    "format:xml_tag": "startend:quotation startend:end_checker detectable_content:postscript edges:first_words "
    "edges:final_question edges:last_line_label length:number_lines change_case:english_capital",
    "startend:quotation": "edges:first_words edges:final_question edges:last_line_label format:table format:code_block "
    "format:numbered_list format:headings format:checklist format:labelled_lines",
    "edges:last_line_label": "startend:end_checker detectable_content:postscript edges:final_question",
    "edges:final_question": "startend:end_checker",
    "format:no_markdown": "detectable_format:number_bullet_lists detectable_format:number_highlighted_sections "
    "length_constraints:number_paragraphs format:numbered_list format:table format:code_block format:headings "
    "format:checklist content:links",
    "format:checklist": "detectable_content:number_placeholders",
    "content:links": "detectable_content:number_placeholders marks:forbidden change_case:english_capital "
    "style:no_digits words:forbidden_letter length:word_letters",
    # Code has commas, digits, capitals and brackets of its own.
    "format:code_block": "change_case:english_capital change_case:english_lowercase punctuation:no_comma "
    "change_case:capital_word_frequency style:no_digits style:no_first_person words:forbidden_letter marks:forbidden "
    "keywords:letter_frequency length:sentence_words length:word_letters length_constraints:number_sentences",
    "format:table": "length_constraints:number_sentences length:sentence_words length:paragraph_words",
    "format:headings": "words:every_paragraph length:sentence_words",
    "format:numbered_list": "style:no_digits",
    "detectable_format:multiple_sections": "style:no_digits",
    "length:number_lines": "detectable_format:multiple_sections detectable_content:postscript",
    "words:every_paragraph": "length_constraints:number_paragraphs",
    "length:sentence_words": "length_constraints:number_paragraphs detectable_format:number_bullet_lists "
    "format:numbered_list format:checklist",
    "length_constraints:number_sentences": "length:number_characters length:number_lines",
    "length_constraints:number_words": "length:number_characters",
}
_ONE_OF = (
    # The shape of an answer as a whole.
    "length_constraints:number_paragraphs length_constraints:nth_paragraph_first_word length:blank_line_paragraphs "
    "length:number_lines format:numbered_list format:table format:code_block format:headings format:checklist "
    "format:labelled_lines detectable_format:multiple_sections detectable_format:number_bullet_lists "
    "combination:two_responses combination:repeat_prompt detectable_format:json_format",
    "keywords:existence keywords:frequency words:in_order words:exact_count words:every_paragraph",
    "keywords:letter_frequency words:forbidden_letter",
)
"""At most one of each line; pairs of two of IFEval's are left to its own table."""


@cache
def conflicts() -> dict[str, frozenset[str]]:
    """For each id, the ids that cannot stand beside it; symmetric, and no id is among its own."""
    from smoltalk.constraints.listed import IFEVAL, constraints

    ids = constraints().keys()
    found: dict[str, set[str]] = {id: set() for id in ids}

    def add(a: str, b: str) -> None:
        if a != b:
            found[a].add(b)
            found[b].add(a)

    for table in (_OF_IFEVAL, _ADDED):
        for a, others in table.items():
            for b in _named(others, ids):
                add(a, b)
    for line in _ONE_OF:
        for a, b in combinations(line.split(), 2):
            if not {a, b} <= IFEVAL:
                add(a, b)
    for lone in ("combination:two_responses", "combination:repeat_prompt"):
        for other in ids - IFEVAL:
            add(lone, other)
    return {id: frozenset(others) for id, others in found.items()}


def clash(a: Constraint, b: Constraint) -> bool:
    """Whether no sensible answer keeps both."""
    return a.id == b.id or b.id in conflicts()[a.id] or _refuses(a, b) or _refuses(b, a)


def fitting(constraints: Sequence[Constraint]) -> bool:
    """Whether all of them can be asked of one answer: no two clash, and its length can suit all."""
    low = max((one.size()[0] for one in constraints), default=0)
    high = min((one.size()[1] for one in constraints), default=0)
    return (len(constraints) < 2 or low <= 0.8 * high) and not any(clash(a, b) for a, b in combinations(constraints, 2))


def _refuses(a: Constraint, b: Constraint) -> bool:
    """Whether an answer that holds what `b` cannot do without is bound to fail `a`."""
    for need in b.needs():
        ways = {need, need.upper(), need.lower()} if b.any_case else {need}
        if all(a.refuses(way) for way in ways):
            return True
    return False


def _named(text: str, ids: Iterable[str]) -> set[str]:
    """The ids a line of the table names: these, or all but these."""
    if text.startswith("all but"):
        return set(ids) - set(text.split()[2:])
    return set(text.split())
