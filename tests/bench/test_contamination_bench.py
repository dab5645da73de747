"""The set is what its seeds say, rivals' rules flag what their authors say, the page says what was measured."""

import importlib.util
import json
import random
import re
from pathlib import Path

import pytest

from bench import contamination
from bench.contamination_negatives import overlapping
from bench.contamination_rules import RULES, open_r1_as_written
from bench.contamination_set import HELD_OUT, TUNED, chosen, held_out, negatives, positives
from bench.contamination_text import batches, joined
from bench.contamination_variants import HEAVY, LIGHT, SURFACE, VARIANTS, Turns, Words
from bench.contamination_wording import WORDING
from smoltalk.benchmarks import Item
from smoltalk.catalog import data_folder

WORDS = [f"{a}{b}" for a in ("ka", "lo", "mi", "nu", "re", "so", "ti") for b in ("ban", "der", "fol", "gim", "hat")]
TALK: list[Turns] = [(("user", f"Tell me about {a} and {b}."), ("assistant", f"{b} is like {a}, but older."))
                     for a in WORDS for b in WORDS[:4]]  # fmt: skip


def sentence(number: int, length: int) -> str:
    return " ".join(random.Random(number).choices(WORDS, k=length))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder in ("benchmarks", "corpora"):
        (tmp_path / folder).mkdir()
    for name, split in (("alpha", "test"), ("mbpp", "train"), ("gsm8k_train", "train"), ("mawps", "test")):
        rows: list[dict[str, object]] = [
            {
                "question": sentence(hash_of(name) + n, 30),
                "passage": None,
                "choices": [],
                "split": split,
                "answer": None,
            }
            for n in range(90)
        ]
        (tmp_path / "benchmarks" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    rows = [{"messages": [{"role": role, "content": text} for role, text in row]} for row in TALK]
    (tmp_path / "corpora" / "talk.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    return tmp_path


def hash_of(name: str) -> int:
    return sum(map(ord, name)) * 1000


def row(text: str, role: str = "user") -> Turns:
    return ((role, text),)


@pytest.mark.parametrize(("name", "words"), [("open-r1", 8), ("lm-eval", 13)])
def test_any_n_gram(name: str, words: int) -> None:
    item = sentence(1, 40)
    rule = RULES[name]([item])
    part = item.split()[3 : 3 + words]
    assert rule(row("so " + " ".join(part).upper()))
    assert rule(row(" ".join(part), "assistant"))
    assert not rule(row(" ".join(part[1:])))


def test_open_r1_as_written_flags_the_same() -> None:
    items = [sentence(n, 30) for n in range(5)]
    rows = [row(" ".join(sentence(n % 7, 30).split()[n:])) for n in range(30)]
    flagged = [open_r1_as_written(items)(one) for one in rows]
    assert flagged == [RULES["open-r1"](items)(one) for one in rows]
    assert any(flagged) and not all(flagged)


def test_tulu3_needs_more_than_half_in_a_user_turn() -> None:
    item = sentence(2, 40)
    rule, words = RULES["tulu3"]([item]), item.split()
    assert rule(row(" ".join(words[:21])))
    assert not rule(row(" ".join(words[:20])))
    assert not rule(row(item, "assistant"))


def test_cosmopedia_needs_a_10_gram_and_more_than_half() -> None:
    item = sentence(3, 30)
    rule, words = RULES["cosmopedia"]([item]), item.split()
    assert rule(row(" ".join(words[:16])))
    assert not rule(row(" ".join(words[:12])))
    assert not rule(row(" and ".join(words)))


def test_true_copies_among_negatives() -> None:
    items = ["What is the Answer, to life?", "Why me?"]
    rows = [row("so: what is — the answer to LIFE"), row("what is an answer to life"), row("why me"), row("why me now")]
    assert overlapping(items, rows) == [True, False, True, False]


@pytest.mark.parametrize("name", VARIANTS)
def test_variants(name: str) -> None:
    question = f"In 1912 old {sentence(4, 30)} and then Maria had 15 {sentence(5, 4)}?"
    item = Item(question=question, choices=("a b", "c", "d"))

    def made(seed: int) -> Turns | None:
        return VARIANTS[name](item, Words(random.Random(seed), TALK))

    turns = made(1)
    assert turns is not None and turns == made(1) and all(text for _, text in turns)
    text = " ".join(text for _, text in turns)
    if name in LIGHT | HEAVY:
        assert item.question not in text
    elif name in ("verbatim", "template", "embedded", "later_turn", "assistant_turn", "system_turn"):
        assert item.question in text
    elif name in ("with_options", "options_reordered"):
        assert {line[3:] for line in text.splitlines()[1:]} == set(item.choices)
    assert name in SURFACE | LIGHT | HEAVY


def test_no_item_is_both_tuned_on_and_reported() -> None:
    of = {"a": [Item(question=f"{sentence(n, 9)}") for n in range(100)], "b": [Item(question=sentence(7, 9))]}
    tuned, reported = chosen(of, TUNED), chosen(of, HELD_OUT)
    assert len(tuned) == 61 and len(reported) == 40 and not set(tuned) & set(reported)


def test_set_is_the_same_again(data: Path) -> None:
    once, again = list(positives(data, HELD_OUT)), list(positives(data, HELD_OUT))
    assert once == again and {case.name for case in once} > LIGHT.keys() - {"numbers_changed", "names_changed"}
    cases, overlaps = negatives(data)
    assert overlaps == 0 and {case.group for case in cases} == {"ordinary", "hard"}


def test_wording_is_not_what_the_product_exempts() -> None:
    def bare(line: str) -> str:
        return " ".join(re.findall(r"\w+", line.casefold()))

    files = [data_folder("decontam") / "wording" / name for name in ("boilerplate.txt", "small_talk.txt")]
    exempt = {bare(line) for file in files for line in file.read_text("utf-8").splitlines()}
    ours = [bare(line) for lines in WORDING.values() for text in lines for line in (text, *text.splitlines())]
    assert len(exempt) > 100 and not exempt & set(ours)
    assert sum(map(len, WORDING.values())) >= 60 and min(map(len, WORDING.values())) >= 10


def test_negatives_are_of_the_half_that_the_product_was_not_made_from(data: Path) -> None:
    cases, _ = negatives(data)
    seen = {row[0][1] for row in TALK} - {row[0][1] for row in held_out(TALK)}
    assert seen and WORDING.keys() <= {case.name for case in cases}
    assert not any(text in turn for case in cases for _, turn in case.turns for text in seen)
    lines = (data / "benchmarks" / "gsm8k_train.jsonl").read_text().splitlines()
    asked = [json.loads(line)["question"] for line in lines]
    assert {case.turns[0][1] for case in cases if case.name == "gsm8k_train"} == set(asked[1::2])


def test_quality(data: Path) -> None:
    found = contamination.quality(data, quick=True)
    assert found["groups"]["surface"]["smoltalk"] > 95
    assert found["groups"]["ordinary"] == {"smoltalk": 0, **dict.fromkeys(RULES, 0)}


def test_nothing_without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMOLTALK_CONTAMINATION_DATA", raising=False)
    assert list(contamination.results(quick=True)) == []


def test_text_is_the_same_again_and_no_batch_is_another() -> None:
    size = 3 * sum(len(text) for row in TALK for _, text in row) // 2
    once = [batch.to_pylist() for batch in batches(TALK, size)]
    row = joined(TALK, size).to_pylist()
    assert len(row) == 1 and [turn["role"] for turn in row[0]["messages"]] == ["user"]
    assert size <= len(row[0]["messages"][0]["content"]) < size + 200
    assert once == [batch.to_pylist() for batch in batches(TALK, size)]
    assert len(once) == 2 and once[0] != once[1]


def test_page_has_the_measured_figures() -> None:
    source = Path(__file__).resolve().parents[2] / "docs" / "decontamination.py"
    spec = importlib.util.spec_from_file_location("decontamination_page", source)
    assert spec and spec.loader
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.filled(text) == text
