"""Cleaning programs: a small grammar, hostile programs refused in words, and laws that hold for every program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk.cleaning import Call, ProgramError, apply, parse
from smoltalk.cleaning.program import LONGEST_LINE, MOST_CALLS

PAGE = "Home | Shop\nHow a lock works\nA lock lifts a boat. Share this!\nTeh gates are of oak.\n\nAll rights reserved"


def test_a_page_is_cleaned() -> None:
    program = parse(
        'remove_lines(1)\nremove_text(3, " Share this!")\nreplace_text(4, "Teh", "The")\nremove_lines(5, 6)'
    )
    cleaned = apply(program, PAGE)
    assert cleaned.text == "How a lock works\nA lock lifts a boat.\nThe gates are of oak."
    assert (cleaned.dropped, cleaned.lines_removed, cleaned.lines_changed) == (False, 3, 2)


def test_a_document_is_kept_or_dropped_whole() -> None:
    assert apply(parse("keep_document()"), PAGE).text == PAGE
    assert apply(parse("```\ndrop_document()\n```"), PAGE) == ("", True, 6, 0)


def test_comments_fences_and_both_quotes_are_read() -> None:
    said = "```python\n# the menu\nremove_lines( 1 , 1 );  # goes\n\nremove_text(3, 'it\\'s \"(so)\", \\\\')\n```"
    assert parse(said) == (Call("remove_lines", 1, 1), Call("remove_text", 3, 3, 'it\'s "(so)", \\'))


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("", "empty"),
        ("I would remove line 3.", "not one call"),
        ('__import__("os").system("ls")', "not one call"),
        ('open("/etc/passwd")', "no open()"),
        ("remove_lines(1); remove_lines(2)", "not one call"),
        ("remove_lines(open())", "not one call"),
        ("remove_lines(1 2)", "no number"),
        ("remove_lines(1,)", "no number"),
        ("remove_lines(,1)", "no number"),
        ("remove_lines(1, 2, 3)", "should look like"),
        ('remove_lines("1")', "should look like"),
        ("remove_lines(-1)", "no number"),
        ("remove_lines(1e9)", "no number"),
        ("remove_lines(99999999)", "no number"),
        ("remove_lines(0)", "counted from 1"),
        ("remove_lines(5, 2)", "before it begins"),
        ('remove_text(1, "")', "empty text"),
        ('remove_text(1, "a\\nb")', "one line"),
        ('remove_text(1, "a" "b")', "no number"),
        ('remove_text(1, f"a")', "no number"),
        ('remove_text(1, "a', "not one call"),
        ('replace_text(1, "a", "a")', "changes nothing"),
        (f'replace_text(1, "a", "{"b" * 81}")', "80 characters"),
        ("drop_document()\nremove_lines(1)", "stands alone"),
        ("keep_document()\nkeep_document()", "stands alone"),
        ("remove_lines(1)\n" * (MOST_CALLS + 1), "200 calls"),
        ("remove_text(1, '" + "\\" * LONGEST_LINE + "')", "2,000 characters"),
        ("(" * 1_900, "not one call"),
        ("remove_lines" + "(" * 900 + ")" * 900, "not one call"),
        ("remove_lines(1)\0", "not one call"),
    ],
)
def test_anything_else_is_refused_in_words(program: str, complaint: str) -> None:
    with pytest.raises(ProgramError, match=complaint.replace("(", r"\(").replace(")", r"\)")):
        parse(program)


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("remove_lines(7)", "has 6 lines"),
        ("remove_lines(1, 9999999)", "has 6 lines"),
        ('remove_text(2, "boat")', "letter by letter"),
        ('remove_lines(3)\nremove_text(3, "boat")', "removed and changed"),
        ("remove_lines(1, 6)", "drop_document"),
        ("remove_lines(1, 4)\nremove_lines(6)", "drop_document"),
        (f'replace_text(3, "o", "{"o" * 80}")', "200 characters longer"),
    ],
)
def test_a_call_that_does_not_fit_the_text_is_refused(program: str, complaint: str) -> None:
    if complaint.startswith("200"):
        program = "\n".join([f'replace_text(3, "o", "{"o" * 80}")'] * 100)  # would be 80^100 characters
    with pytest.raises(ProgramError, match=complaint):
        apply(parse(program), PAGE)


LINES = st.lists(st.text(st.sampled_from("ab \"'\\(),#é"), max_size=12), min_size=1, max_size=8)


@st.composite
def documents_and_programs(draw: st.DrawFn) -> tuple[str, tuple[Call, ...]]:
    lines = draw(LINES)
    calls: list[Call] = []
    for _ in range(draw(st.integers(1, 5))):
        first = draw(st.integers(1, len(lines)))
        if draw(st.booleans()):
            calls.append(Call("remove_lines", first, draw(st.integers(first, len(lines)))))
        elif line := lines[first - 1]:
            start = draw(st.integers(0, len(line) - 1))
            old = line[start : draw(st.integers(start + 1, len(line)))]
            new = draw(st.text(st.sampled_from("ABC\\"), min_size=1, max_size=5))
            if new == old:
                continue
            calls.append(
                draw(
                    st.sampled_from(
                        [Call("remove_text", first, first, old), Call("replace_text", first, first, old, new)]
                    )
                )
            )
    return "\n".join(lines), tuple(calls) or (Call("keep_document"),)


@given(documents_and_programs())
def test_laws_of_every_program(case: tuple[str, tuple[Call, ...]]) -> None:
    text, program = case
    assert parse("\n".join(map(str, program))) == program
    try:
        cleaned = apply(program, text)
    except ProgramError:
        return
    assert cleaned.text.count("\n") + 1 + cleaned.lines_removed == text.count("\n") + 1
    named = set("".join(call.new for call in program))
    assert set(cleaned.text) <= set(text) | named  # nothing that neither the text nor the program names
    if not any(call.new for call in program):
        assert _is_left_of(cleaned.text, text)


def _is_left_of(shorter: str, longer: str) -> bool:
    """Whether `shorter` is `longer` with characters left out."""
    rest = iter(longer)
    return all(character in rest for character in shorter)


@given(st.text(max_size=300))
def test_any_text_is_a_program_or_refused(text: str) -> None:
    try:
        program = parse(text)
    except ProgramError as error:
        assert str(error)
        return
    assert parse("\n".join(map(str, program))) == program
