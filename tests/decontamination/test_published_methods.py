"""Published methods find what their papers say, and no more."""

import json
from pathlib import Path

import pytest

from smoltalk.benchmarks import Item
from smoltalk.decontamination import Hit, Method, finder
from smoltalk.decontamination.items import private_texts
from smoltalk.decontamination.published import RULES, Published
from smoltalk.errors import UserError, WorldError
from smoltalk.words import texts_of
from tests.decontamination.conftest import LAMPS, PLAIN

WORDS = LAMPS.split()
ITEMS = [Item(question=PLAIN), Item(question=LAMPS, id="lamps"), Item(question="Why is it so?")]


def find(method: Method, *texts: str) -> list[Hit]:
    return Published(RULES[method], {"harbour": ITEMS}).find(texts_of([texts]), None)


@pytest.mark.parametrize(
    ("method", "least"), [("open-r1", 8), ("lm-eval", 13), ("tulu3", len(WORDS) // 2 + 1), ("cosmopedia", 28)]
)
def test_as_many_words_as_the_paper_says(method: Method, least: int) -> None:
    found = find(method, f"and so {' '.join(WORDS[:least])}")
    assert [(hit.item, hit.kind) for hit in found] == [(1, "n_gram")]
    assert find(method, " ".join(WORDS[: least - 1])) == []


@pytest.mark.parametrize("method", sorted(RULES))
def test_case_does_not_count_and_places_are_bytes(method: Method) -> None:
    text = f"Ünïcödé — {LAMPS.upper()} ü"
    (hit,) = find(method, text)
    data = text.encode()
    assert data[hit.first : hit.last].decode().startswith("A LIGHTHOUSE KEEPER")
    assert data[hit.first : hit.last].decode().rstrip("?").endswith("RUN OUT OF OIL")
    assert hit.score == (1.0 if RULES[method].more_than == 0 else pytest.approx(1.0))


def test_marks_count_where_the_tool_keeps_them() -> None:
    without = LAMPS.replace(",", "").replace(".", "")
    shift = " ".join(word + ";" for word in WORDS)
    assert find("lm-eval", without) and find("lm-eval", shift)
    assert find("open-r1", without) and not find("open-r1", shift)
    assert find("tulu3", shift)


def test_half_in_each_of_two_turns_is_not_half_of_one_message() -> None:
    halves = " ".join(WORDS[:25]), " ".join(WORDS[-25:])
    assert find("tulu3", " ".join(WORDS[:30]))
    assert find("tulu3", *halves) == []
    assert find("open-r1", *halves)


def test_tulu3_counts_all_n_grams_of_a_message_and_cosmopedia_only_what_is_in_order() -> None:
    pieces = [WORDS[i : i + 10] for i in range(0, 50, 10)]
    backwards = " and then ".join(" ".join(piece) for piece in reversed(pieces))
    assert find("tulu3", backwards)
    assert find("cosmopedia", backwards) == []


def test_a_long_text_costs_cosmopedia_no_more_than_a_window() -> None:
    (hit,) = find("cosmopedia", f"{'once more the sea ' * 20_000}{LAMPS}{' and more of the sea' * 20_000}")
    assert (hit.item, hit.score) == (1, pytest.approx(1.0))


def test_items_shorter_than_the_n_gram_are_never_found() -> None:
    assert all(find(method, "Why is it so?") == [] for method in RULES)


def test_hashes_are_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object) -> None:
        raise OSError("no route to the Hub\nand more")

    monkeypatch.setattr("smoltalk.decontamination.items.items_on_hub", offline)
    with pytest.raises(WorldError) as told:
        finder(["gsm8k"], "tulu3", 0.5)
    assert "of gsm8k only hashes are here" in str(told.value) and "no route to the Hub" in str(told.value)
    assert "--against ITEMS.jsonl" in told.value.command


def test_benchmarks_of_one_name_are_refused_not_forgotten(tmp_path: Path) -> None:
    files = [tmp_path / "old" / "exam.jsonl", tmp_path / "new" / "exam.jsonl"]
    for file in files:
        file.parent.mkdir()
        file.write_text(json.dumps({"question": LAMPS}) + "\n")
    with pytest.raises(UserError, match="two benchmarks are called `exam`"):
        finder([str(file) for file in files], "open-r1", 0.5)
    assert finder([str(files[0]), str(files[0])], "open-r1", 0.5).names == ("exam",)


def test_items_of_one_id_keep_their_own_text(tmp_path: Path) -> None:
    path = tmp_path / "exam.jsonl"
    path.write_text("".join(json.dumps({"question": text, "id": "q"}) + "\n" for text in (PLAIN, LAMPS)))
    assert private_texts([str(path)]) == {"exam": {"q": PLAIN, "q#1": LAMPS}}
    ready = finder([str(path)], "open-r1", 0.5)
    (hit,) = ready.find(texts_of([[LAMPS]]), ready.desk())
    assert ready.called(0, hit.item) == "q#1"


def test_files_of_items_are_enough(harbour: Path) -> None:
    ready = finder(["harbour.jsonl"], "open-r1", 0.5)
    assert (ready.names, ready.sizes) == (("harbour",), (4,))
    (hit,) = ready.find(texts_of([[PLAIN], [LAMPS]]), ready.desk())
    assert (hit.row, ready.called(0, hit.item)) == (1, "lamps")


def test_other_items_are_another_source() -> None:
    one, two = (Published(RULES["tulu3"], {"a": [Item(question=f"Is {n} of all quays?")]}).sources for n in (1, 2))
    assert one != two
