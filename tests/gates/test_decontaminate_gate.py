"""The decontaminate gate: finds a benchmark question wherever and however it stands, and leaves clean rows alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from smoltalk import benchmarks
from smoltalk.benchmarks import Item
from smoltalk.benchmarks.build import build
from smoltalk.contracts import KEEP, Verdict
from smoltalk.gates.decontaminate import Decontaminate

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
ITEMS = [Item(question=q) for q in (LONG, *TWINS, SHORT, TINY)] + [CHOICES, Item(question=MIDDLE)]


@pytest.fixture
def harbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A benchmark of our own, in a folder of its own."""
    (tmp_path / "harbour.yaml").touch()
    (tmp_path / "boilerplate.txt").write_text("Answer the following question step by step.\n")
    monkeypatch.setattr(benchmarks, "folder", lambda: tmp_path)
    monkeypatch.setattr("smoltalk.benchmarks.build.folder", lambda: tmp_path)
    benchmarks.save(build("harbour", ITEMS, "this test"), tmp_path / "harbour.npz")
    return "harbour"


def verdict(name: str, *turns: str, **fields: Any) -> Verdict:
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": turn} for i, turn in enumerate(turns)]
    return Decontaminate(against=(name,), **fields).open().judge({"id": "r", "messages": messages})


def test_a_copy_is_rejected_with_its_evidence(harbour: str) -> None:
    found = verdict(harbour, "Hello!", "Hello.", f"Solve this. {LONG} Thanks.")
    assert found.reason == "in_harbour"
    text = found.evidence.pop("text")
    assert found.evidence == {
        "benchmark": "harbour", "item": 0, "score": 1.0, "column": "messages", "turn": 2, "role": "user"
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
    assert (found.reason, found.evidence["item"]) == ("in_harbour", 0)


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
        assert verdict(harbour, twin).evidence["item"] == number


def test_short_questions_must_stand_there_whole(harbour: str) -> None:
    found = verdict(harbour, f"I wonder: {SHORT.lower()} Do you know?")
    assert (found.evidence["item"], found.evidence["score"]) == (4, 1.0)
    assert found.evidence["text"] == "which lighthouse has the tallest keeper?"
    assert verdict(harbour, "Which lighthouse has the tallest tower?") == KEEP
    assert verdict(harbour, "Which lighthouse has", "the tallest keeper?") == KEEP


def test_the_shorter_the_question_the_more_of_it_must_be_there(harbour: str) -> None:
    assert verdict(harbour, MIDDLE).evidence["item"] == 7
    assert verdict(harbour, "Name the three knots a young sailor of Vell ties twice") == KEEP  # 0.67 of it
    assert verdict(harbour, "Name the three knots a young sailor of Vell ties before the storm").evidence["score"] > 0.8


def test_one_rare_phrase_is_no_copy(harbour: str) -> None:
    wording = "Say in a sentence or two what the harbour master thinks about the new"
    items = [Item(question=f"{wording} mast{i}") for i in range(70)]
    benchmarks.save(build("harbour", items, "this test"), benchmarks.folder() / "harbour.npz")
    assert verdict(harbour, f"{wording} mast5").evidence["item"] == 5
    assert verdict(harbour, "I saw the new mast5 today.") == KEEP


def test_tiny_questions_are_looked_for_with_their_choices_only(harbour: str) -> None:
    assert verdict(harbour, TINY) == KEEP
    assert verdict(harbour, "Pick one.") == KEEP
    full = "Pick one.\n" + "\n".join(
        f"({letter}) {choice}" for letter, choice in zip("ABC", CHOICES.choices, strict=True)
    )
    assert verdict(harbour, full).evidence["item"] == 6


def test_other_columns_can_be_looked_at(harbour: str) -> None:
    judge = Decontaminate(against=(harbour,), of=("prompt", "answers")).open()
    assert Decontaminate(against=(harbour,), of=("prompt", "answers")).reads() == {"prompt", "answers"}
    assert Decontaminate(against=(harbour,)).reads() == {"messages"}
    assert judge.judge({"prompt": LONG}).evidence["column"] == "prompt"
    found = judge.judge({"prompt": "none", "answers": ["no", LONG]}).evidence
    assert (found["column"], found["turn"]) == ("answers", 1)
    assert judge.judge({"messages": LONG}) == KEEP


def test_names_are_checked_before_anything_runs(harbour: str) -> None:
    assert list(Decontaminate(against=("harbour",)).check()) == []
    assert list(Decontaminate(against=("harbor",)).check()) == [
        "no benchmark `harbor` in decontam/: did you mean `harbour`?"
    ]
    (benchmarks.folder() / "quay.yaml").touch()
    assert list(Decontaminate(against=("quay",)).check()) == [
        "the benchmark `quay` has no fingerprint; build it: python -m smoltalk.benchmarks build quay"
    ]


@pytest.mark.parametrize(
    "fields", [{"against": []}, {"against": ["gsm8k"], "threshold": 0}, {"against": ["x"], "n": 3}]
)
def test_impossible_fields_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Decontaminate(**fields)
