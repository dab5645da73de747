"""The decontaminate gate: finds a benchmark question wherever and however it stands, and leaves clean rows alone."""

import json
import subprocess
import sys
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest
from pydantic import ValidationError

from smoltalk.benchmarks import Item
from smoltalk.contracts import KEEP, Verdict
from smoltalk.gates.decontaminate import Decontaminate

ROOT = Path(__file__).resolve().parents[2]
LONG = (
    "A lighthouse keeper on the island of Vell trims 14 lamps before dusk and refills 9 of them again at midnight. "
    "Each refill takes half a litre of oil, and the supply boat brings 40 litres on the first day of every month. "
    "After how many nights does the keeper run out of oil?"
)
HEADER = "Read the four statements about harbour towns carefully and mark the single statement that cannot be correct: "
TWINS = [
    HEADER + "the town of Orrin has more piers than boats in winter.",
    HEADER + "a ferry to Calder leaves whenever its deck is half full.",
    HEADER + "nobody in Strand remembers when the old crane was built.",
]
SHORT = "Which lighthouse has the tallest keeper?"
TINY = "Why is it?"
MIDDLE = "Name the three knots a young sailor of Vell ties before the storm breaks"
CHOICES = Item(question="Pick one.", choices=("a lamp that never fades at sea", "a boat with two grey sails", "an oar"))
QUAY = Item(question="Oldest quay?", choices=("the one in the north", "the one with a crane"))
ITEMS = [Item(question=q) for q in (LONG, *TWINS, SHORT, TINY)] + [CHOICES, Item(question=MIDDLE), QUAY]


@pytest.fixture
def harbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file of items of our own; its fingerprint is kept beside it."""
    monkeypatch.setenv("SMOLTALK_CACHE", str(tmp_path / "cache"))
    return items_file(tmp_path / "harbour.jsonl", ITEMS)


def items_file(path: Path, items: list[Item]) -> str:
    path.write_text("".join(item.model_dump_json() + "\n" for item in items))
    return str(path)


def verdict(name: str, *turns: str, **fields: Any) -> Verdict:
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": turn} for i, turn in enumerate(turns)]
    return Decontaminate(against=(name,), **fields).open().judge({"id": "r", "messages": messages})


def test_a_copy_is_rejected_with_its_evidence(harbour: str) -> None:
    found = verdict(harbour, "Hello!", "Hello.", f"Solve this. {LONG} Thanks.")
    assert found.reason == "in_harbour"
    text = found.evidence.pop("text")
    assert found.evidence == {
        "benchmark": "harbour", "item": "0", "score": 1.0, "kind": "exact", "method": "coverage",
        "column": "messages", "turn": 2, "role": "user",
    }  # fmt: skip
    assert text == LONG[:200]
    json.dumps(found.evidence)


@pytest.mark.parametrize(
    "turns",
    [
        (LONG.upper(),),
        (LONG.replace(" ", "\u00a0\n"),),
        (LONG.replace(",", " ").replace(".", ";"),),
        (LONG.replace("e", "е").replace("a", "а"),),
        ("\u200b".join(LONG),),
        (f"### Instruction:\nAnswer step by step.\n\n{LONG}\n\n### Response:",),
        ("Give me a riddle.", LONG),
        (LONG[:180], "Go on.", LONG[180:]),
        (f"{'Some other story of the sea. ' * 300} {LONG} {'And so it went, night after night. ' * 300}",),
        (LONG.replace("14", "15").replace("Vell", "Marn").replace("dusk", "night").replace("boat", "ship"),),
    ],
    ids=["case", "space", "marks", "letters", "invisible", "template", "assistant", "split", "embedded", "edited"],
)
def test_disguises_do_not_help(harbour: str, turns: tuple[str, ...]) -> None:
    found = verdict(harbour, *turns)
    assert (found.reason, found.evidence["item"]) == ("in_harbour", "0")


def test_threshold_is_the_share_of_the_item(harbour: str) -> None:
    words = LONG.split()
    most = " ".join(words[: len(words) * 3 // 4])
    assert verdict(harbour, most).evidence["score"] == pytest.approx(0.75, abs=0.05)
    assert verdict(harbour, most, threshold=0.9) == KEEP
    assert verdict(harbour, LONG, threshold=1).evidence["score"] == 1.0
    assert verdict(harbour, " ".join(words[: len(words) // 3])) == KEEP


def test_pieces_far_apart_are_no_copy(harbour: str) -> None:
    words = LONG.split()
    pieces = [" ".join(words[i : i + 6]) for i in range(0, len(words), 6)]
    filler = " and then another 7 ships came to the quay with salt, rope, tar and a cargo of pears" * 20
    assert not verdict(harbour, " so ".join(pieces)).keep
    assert verdict(harbour, filler.join(pieces)) == KEEP


def test_shared_wording_is_no_copy(harbour: str) -> None:
    assert verdict(harbour, HEADER + "pears are sold by weight in every market of the south.") == KEEP
    for number, twin in enumerate(TWINS, 1):
        assert verdict(harbour, twin).evidence["item"] == str(number)


def test_short_questions_must_stand_there_whole(harbour: str) -> None:
    found = verdict(harbour, f"I wonder: {SHORT.lower()} Do you know?")
    assert (found.evidence["item"], found.evidence["score"]) == ("4", 1.0)
    assert found.evidence["text"] == "which lighthouse has the tallest keeper"
    assert verdict(harbour, "Which lighthouse has the tallest tower?") == KEEP
    assert verdict(harbour, "Which lighthouse has", "the tallest keeper?") == KEEP


def test_the_shorter_the_question_the_more_of_it_must_be_there(harbour: str) -> None:
    assert verdict(harbour, MIDDLE).evidence["item"] == "7"
    assert verdict(harbour, "Name the three knots a young sailor of Orrin ties twice") == KEEP  # half of it
    assert verdict(harbour, "Name the three knots a young sailor of Vell ties before the storm").evidence["score"] > 0.8


def test_one_rare_phrase_is_no_copy(harbour: str) -> None:
    wording = "Say in a sentence or two what the harbour master thinks about the new"
    items = [Item(question=f"{wording} mast{i}") for i in range(70)]
    items_file(Path(harbour), items)
    assert verdict(harbour, f"{wording} mast5").evidence["item"] == "5"
    assert verdict(harbour, "I saw the new mast5 today.") == KEEP


def test_tiny_questions_must_be_the_whole_turn(harbour: str) -> None:
    assert verdict(harbour, "Hello.", TINY.upper()).evidence["kind"] == "exact"
    assert verdict(harbour, f"{TINY} I do not know.") == KEEP
    assert verdict(harbour, "Pick one.") == KEEP  # small talk: with choices, it is those that tell
    assert verdict(harbour, "And this?", "OLDEST quay").evidence["item"] == "8"
    assert verdict(harbour, "The oldest quay is the one in the north.") == KEEP
    letters = zip("ABC", CHOICES.choices, strict=True)
    full = "Pick one.\n" + "\n".join(f"({letter}) {choice}" for letter, choice in letters)
    assert verdict(harbour, full).evidence["item"] == "6"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (LONG.upper(), "exact"),
        (LONG.replace("14", "15").replace("40", "90"), "numbers_changed"),
        (LONG.replace("keeper", "guard").replace("oil", "fat").replace("boat", "ship"), "edited"),
        (LONG[: len(LONG) * 3 // 4], "partial"),
        (SHORT, "exact"),
    ],
)
def test_hits_say_what_kind_they_are(harbour: str, text: str, kind: str) -> None:
    assert verdict(harbour, f"Well then. {text} That is all.").evidence["kind"] == kind


def test_what_has_all_that_tells_is_no_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMOLTALK_CACHE", str(tmp_path / "cache"))
    told = [f"find the copper{n} lantern{n} of a sleeping{n} ferryman{n}" for n in ascii_lowercase]
    told += [one.replace("the", f"the new{n}") for one in told for n in "ab"]
    name = items_file(tmp_path / "tasks.jsonl", [Item(question=f"Write a function to {one}.") for one in told])
    found = verdict(name, told[0]).evidence
    assert (found["score"], found["kind"]) == (1.0, "edited")  # what 78 items begin with tells nothing


def test_a_row_with_several_items_says_so(harbour: str) -> None:
    found = verdict(harbour, f"{SHORT}\n{LONG}", TWINS[1]).evidence
    assert (found["item"], found["score"], found["others"]) == ("0", 1.0, 2)


def test_published_methods_can_be_named(harbour: str) -> None:
    phrase = " ".join(LONG.split()[:9])
    assert verdict(harbour, phrase) == KEEP
    found = verdict(harbour, f"so {phrase} or so", method="open-r1").evidence
    assert (found["method"], found["kind"], found["item"], found["text"]) == ("open-r1", "n_gram", "0", phrase)
    assert verdict(harbour, phrase, method="tulu3") == KEEP
    with pytest.raises(ValidationError):
        Decontaminate(against=(harbour,), method="tulu4")


def test_other_columns_can_be_looked_at(harbour: str) -> None:
    judge = Decontaminate(against=(harbour,), of=("prompt", "answers")).open()
    assert Decontaminate(against=(harbour,), of=("prompt", "answers")).reads() == {"prompt", "answers"}
    assert Decontaminate(against=(harbour,)).reads() == {"messages"}
    assert judge.judge({"prompt": LONG}).evidence["column"] == "prompt"
    found = judge.judge({"prompt": "none", "answers": ["no", LONG]}).evidence
    assert (found["column"], found["turn"]) == ("answers", 1)
    assert judge.judge({"messages": LONG}) == KEEP


def test_names_are_checked_before_anything_runs(harbour: str) -> None:
    assert list(Decontaminate(against=(harbour,)).check()) == []
    for method in ("coverage", "tulu3"):
        wrong = list(Decontaminate(against=("gsm9k", f"{harbour}.jsonl"), method=method).check())
        assert ("`gsm9k`" in wrong[0], "gsm8k" in wrong[0], f"{harbour}.jsonl" in wrong[1]) == (True, True, True)


def test_checking_loads_no_compiler() -> None:
    program = (
        "import sys; from smoltalk.gates.decontaminate import Decontaminate; "
        "list(Decontaminate(against=('gsm8k',)).check()); print({'numba', 'pyarrow', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "set()"


def test_a_bad_threshold_hides_no_bad_name() -> None:
    for threshold in (0, 1.5, float("nan")):
        gate = Decontaminate(against=("gsm9k",), threshold=threshold)
        wrong = list(gate.check())
        assert wrong[1] == f"`decontaminate`: threshold must be greater than 0 and at most 1, not {threshold:g}"
        assert "did you mean `gsm8k`?" in wrong[0]
        with pytest.raises(ValueError, match="is not more than 0"):
            Decontaminate(against=("gsm8k",), threshold=threshold).open()
    bounds = Decontaminate.model_json_schema()["properties"]["threshold"]
    assert (bounds["exclusiveMinimum"], bounds["maximum"]) == (0, 1)


@pytest.mark.parametrize(
    "fields", [{"against": []}, {"against": ["gsm8k"], "threshold": "half"}, {"against": ["x"], "n": 3}]
)
def test_impossible_fields_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Decontaminate(**fields)
