"""Tell-tale phrases: the compiled pass counts what counting by hand does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.reporting.reference import measured, shipped
from smoltalk.reporting.scanning import Scanned, scan_turns
from smoltalk.reporting.tells import CLOSE, tells
from smoltalk.text import words
from smoltalk.words import texts_of

FORMS = [form for tell in tells() for form in tell.forms]
TEXTS = st.lists(
    st.sampled_from([*FORMS, "a", "word", "the", "of", "\n", "!", "—", "**", "é", "日本", ","]), max_size=40
)


def scanned(rows: list[list[str]]) -> Scanned:
    """The turns of some rows, all of which count."""
    texts = texts_of(rows)
    owners = np.repeat(np.arange(len(rows)), np.diff(texts.rows))
    return scan_turns(texts.data, texts.offsets, owners, np.ones(len(owners), bool))


def told(*rows: list[str]) -> dict[str, tuple[int, int]]:
    """Times and rows of each phrase that is there."""
    found = scanned(list(rows)).told
    counted = zip(tells(), found.times.tolist(), found.rows.tolist(), strict=True)
    return {tell.phrase: (times, some) for tell, times, some in counted if times}


def times_by_hand(text: str, form: str, at: str) -> int:
    """How often a form's words stand in a text, one after another."""
    said, wanted = words(text), words(form)
    places = [place for place in range(len(said) - len(wanted) + 1) if said[place : place + len(wanted)] == wanted]
    if at == "opening":
        return int(0 in places)
    if at == "closing":
        places = [place for place in places if place + CLOSE >= len(said)]
    return len(places)


@settings(deadline=None)
@given(TEXTS)
def test_phrases_are_counted_as_by_hand(parts: list[str]) -> None:
    text = " ".join(parts)
    found = scanned([[text]]).told.times.tolist()
    for tell, times in zip(tells(), found, strict=True):
        if tell.forms:
            assert times == sum(times_by_hand(text, form, tell.at) for form in tell.forms), tell.phrase


def test_case_and_punctuation_do_not_count() -> None:
    assert told(["As an A.I.? No."], ["AS AN AI, I delve; DELVED."]) == {
        "As an AI (language model)": (1, 1),
        "delve": (2, 1),
    }


def test_an_opening_opens_a_turn() -> None:
    assert told(["I will certainly come."]) == {}
    assert told(["Certainly. I will."], ["Hm.", "Certainly!"]) == {"Certainly!": (2, 2), "!": (1, 1)}


def test_a_closing_closes_it() -> None:
    assert "I hope this helps" in told(["Here it comes: words. I hope this helps."])
    assert "I hope this helps" not in told(["I hope this helps. " + "More words follow. " * 20])


def test_marks() -> None:
    text = "# Head\n\nIt is **bold** — and **so**\n- one\n  2. two\n3 not\n#no 🎉 ✅!"
    assert told([text]) == {
        "# headings": (1, 1),
        "**bold**": (2, 1),
        "—": (1, 1),
        "bullet and numbered lines": (2, 1),
        "emoji": (2, 1),
        "!": (1, 1),
    }


def test_an_example_is_quoted_by_its_bytes() -> None:
    text = "Ünïcode — before; we delve into it."
    texts = texts_of([[text]])
    number = [tell.phrase for tell in tells()].index("delve")
    of, first, last = scan_turns(texts.data, texts.offsets, np.zeros(1, np.int64), np.ones(1, bool)).examples[number]
    assert (of, texts.data[first:last].tobytes()) == (0, b"delve")


def test_no_phrase_stands_twice_in_the_file() -> None:
    assert len(FORMS) == len(set(FORMS))
    assert len({tell.phrase for tell in tells()}) == len(tells())


def test_the_shipped_reference_knows_every_phrase() -> None:
    import tomllib
    from pathlib import Path

    from smoltalk.reporting import reference

    told_there = tomllib.loads((Path(reference.__file__).parent / "human.toml").read_text("utf-8"))["phrases"]
    assert set(told_there) == {tell.phrase for tell in tells()}, "run `python -m smoltalk.reporting.reference` again"
    assert shipped().words > 100_000


@pytest.mark.parametrize(
    "line",
    [
        '{"messages": [{"role": "user", "content": "delve"}, '
        '{"role": "assistant", "content": "Certainly! We delve."}]}',
        '{"prompt": [{"role": "user", "content": "delve"}], "chosen": [{"role": "assistant", "content": "Certainly! We '
        'delve."}], "rejected": [{"role": "assistant", "content": "delve delve"}]}',
        '{"text": "Certainly! We delve."}',
    ],
)
def test_a_reference_of_ones_own(tmp_path: "pytest.TempPathFactory", line: str) -> None:
    path = tmp_path / "mine.jsonl"  # type: ignore[operator]
    path.write_text(f"{line}\n{line}\n")
    found = measured([str(path)])
    number = [tell.phrase for tell in tells()].index("delve")
    assert (found.rows, found.words, int(found.told.times[number])) == (2, 6, 2)
