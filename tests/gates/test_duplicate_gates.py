"""Gates that remember: exact_duplicate, near_duplicate and semantic_duplicate."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.contracts import KEEP, Verdict
from smoltalk.errors import UserError
from smoltalk.gates.exact_duplicate import ExactDuplicate
from smoltalk.gates.near_duplicate import NearDuplicate
from smoltalk.gates.semantic_duplicate import SemanticDuplicate
from smoltalk.text import normalise

WORDS = [f"{a}{b}" for a in "bdfgklmn" for b in ("ala", "ero", "imo", "usk", "ond", "ite", "ave", "yth")]


def prose(seed: int, length: int = 60) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("aAäÄ ﬁfi\u00a0\n"), max_size=3), max_size=12))
def test_exact_duplicate_keeps_exactly_the_first_of_equals(texts: list[str]) -> None:
    judge = ExactDuplicate(on="text").open()
    kept = [judge.judge({"id": str(i), "text": text}).keep for i, text in enumerate(texts)]
    forms = [normalise(text) for text in texts]
    assert kept == [form not in forms[:i] for i, form in enumerate(forms)]


def test_exact_duplicate_names_the_earlier_row() -> None:
    judge = ExactDuplicate(on="text").open()
    assert judge.judge({"id": "first", "text": "Ｈow are\u00a0you?"}) == KEEP
    evidence = {"column": "text", "duplicate_of": "first"}
    assert judge.judge({"id": "second", "text": "how  ARE you?\n"}) == Verdict(False, "duplicate", evidence)
    assert judge.judge({"id": "third", "text": "how are you"}) == KEEP
    assert judge.judge({"id": "fourth"}) == Verdict(False, "missing_column", {"column": "text"})


def test_exact_duplicate_compares_conversations_turn_by_turn() -> None:
    judge = ExactDuplicate(on="messages").open()

    def row(*turns: str) -> dict[str, object]:
        return {"id": "r", "messages": [{"role": "user", "content": turn} for turn in turns]}

    assert judge.judge(row("a b", "c")).keep
    assert judge.judge(row("a", "b c")).keep
    assert judge.judge(row("ab", "c")).keep
    assert judge.judge(row("a", "bc")).keep
    assert not judge.judge(row("A b", "C ")).keep


def test_every_run_starts_with_an_empty_memory() -> None:
    for gate in (ExactDuplicate(on="text"), NearDuplicate(on="text")):
        assert gate.open().judge({"id": "a", "text": prose(0)}) == KEEP
        assert gate.open().judge({"id": "b", "text": prose(0)}) == KEEP


def test_near_duplicate_sees_through_small_edits() -> None:
    judge = NearDuplicate(on="text").open()
    text = prose(1)
    assert judge.judge({"id": "first", "text": text}) == KEEP
    assert judge.judge({"id": "other", "text": prose(2)}) == KEEP
    same = judge.judge({"id": "same", "text": text.upper().replace(" ", ",  ")})
    assert same == Verdict(False, "near_duplicate", {"column": "text", "duplicate_of": "first", "similarity": 1.0})
    edited = judge.judge({"id": "edited", "text": text.replace(text.split()[30], "changed", 1)})
    assert edited.reason == "near_duplicate"
    assert edited.evidence["duplicate_of"] == "first"
    assert 0.7 <= edited.evidence["similarity"] < 1


def test_near_duplicate_finds_nearly_all_just_above_its_threshold_and_no_strangers() -> None:
    judge = NearDuplicate(on="text", threshold=0.5).open()
    texts = [prose(seed, 100) for seed in range(100)]
    assert all(judge.judge({"id": str(i), "text": text}).keep for i, text in enumerate(texts))
    halves = [" ".join(text.split()[:70]) for text in texts]  # 68 of 98 3-grams: similarity 0.69
    verdicts = [judge.judge({"id": "x", "text": half}) for half in halves]
    found = [verdict.evidence.get("duplicate_of") == str(i) for i, verdict in enumerate(verdicts)]
    assert sum(found) >= 97


def test_near_duplicate_keeps_what_the_index_only_suspects() -> None:
    judge = NearDuplicate(on="text", threshold=0.7).open()
    texts = [prose(seed, 100) for seed in range(50)]
    halves = [" ".join([*text.split()[:67], *prose(seed + 1000, 33).split()]) for seed, text in enumerate(texts)]
    assert all(judge.judge({"id": "x", "text": text}).keep for text in [*texts, *halves])  # similarity 0.49


def test_near_duplicate_remembers_kept_rows_only() -> None:
    """Each text is near the one before it; the far end of the chain is not near the start, and stays."""
    judge = NearDuplicate(on="text", threshold=0.7).open()
    base = prose(3, 100).split()
    chain = [" ".join([*base[shift:], *prose(4, 100).split()[:shift]]) for shift in range(0, 100, 8)]
    kept = [judge.judge({"id": str(i), "text": text}).keep for i, text in enumerate(chain)]
    assert kept[:2] == [True, False]
    assert 2 <= sum(kept) < len(chain)


@pytest.mark.parametrize(
    "texts", [("yes", "Yes!"), ("42", "42."), ("?!?", " ?!? "), ("two words", "Two, words"), ("我", "我。")]
)
def test_near_duplicate_compares_short_texts_whole(texts: tuple[str, str]) -> None:
    judge = NearDuplicate(on="text").open()
    assert judge.judge({"id": "a", "text": texts[0]}) == KEEP
    assert judge.judge({"id": "b", "text": "something else"}) == KEEP
    assert judge.judge({"id": "c", "text": texts[1]}).evidence["duplicate_of"] == "a"


def test_near_duplicate_keeps_what_has_no_text() -> None:
    judge = NearDuplicate(on="text").open()
    assert judge.judge({"id": "a", "text": ""}) == KEEP
    assert judge.judge({"id": "b", "text": " "}) == KEEP
    assert judge.judge({"id": "c"}) == Verdict(False, "missing_column", {"column": "text"})


def test_near_duplicate_reads_all_turns() -> None:
    judge = NearDuplicate(on="messages").open()
    for seed, kept in ((5, True), (6, True), (5, False)):
        turns = [{"role": "user", "content": "Tell me."}, {"role": "assistant", "content": prose(seed)}]
        assert judge.judge({"id": str(seed), "messages": turns}).keep is kept


def test_near_duplicate_is_the_same_in_every_process() -> None:
    program = (
        "import json, random; from smoltalk.gates.near_duplicate import NearDuplicate\n"
        "r = random.Random(0); judge = NearDuplicate(on='t', threshold=0.4).open(); out = []\n"
        "for i in range(60):\n"
        "    v = judge.judge({'id': str(i), 't': ' '.join(r.choices('abc', k=6 + i % 5))})\n"
        "    out.append([v.keep, v.evidence])\n"
        "print(json.dumps(out))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert {keep for keep, _ in json.loads(runs[0])} == {True, False}


def test_semantic_duplicate_keeps_the_head_and_tells_the_nearest() -> None:
    judge = SemanticDuplicate(threshold=0.95).open()
    assert judge.judge({"id": "a", "embedding": [1.0, 0.0]}) == KEEP
    far = judge.judge({"id": "b", "embedding": [3.0, 4.0]})
    assert far.keep
    assert far.evidence == {"nearest": "a", "similarity": 0.6}
    assert {key: type(said) for key, said in far.evidence.items()} == SemanticDuplicate.tells
    near = judge.judge({"id": "c", "embedding": [1.0, 0.1]})
    assert near.reason == "semantic_duplicate"
    assert near.evidence == {"column": "embedding", "duplicate_of": "a", "similarity": 0.995}
    assert judge.judge({"id": "d"}).reason == "missing_column"
    for value in ([1.0], "text", [[1.0, 2.0]], [float("nan"), 1.0], [], [None, 1.0]):
        assert judge.judge({"id": "e", "embedding": value}).reason == "no_vector"


def test_gates_know_the_rows_of_other_datasets(tmp_path: Path) -> None:
    other = tmp_path / "old.jsonl"
    other.write_text(json.dumps({"id": "x", "text": prose(1), "embedding": [1.0, 0.0]}) + "\n")
    against = (str(other),)
    for gate in (ExactDuplicate(on="text", against=against), NearDuplicate(on="text", against=against)):
        judge = gate.open()
        assert judge.judge({"id": "a", "text": prose(2)}) == KEEP
        assert judge.judge({"id": "b", "text": prose(1)}).evidence["duplicate_of"] == "x"
        assert judge.judge({"id": "c", "text": prose(2)}).evidence["duplicate_of"] == "a"
    semantic = SemanticDuplicate(against=against).open()
    assert semantic.judge({"id": "a", "embedding": [2.0, 0.0]}).evidence["duplicate_of"] == "x"


def test_gates_refuse_datasets_that_are_not_there() -> None:
    for gate in (ExactDuplicate, NearDuplicate, SemanticDuplicate):
        found = list(gate(on="text", against=("./nowhere.jsonl",)).check())
        assert found == ["./nowhere.jsonl: there is no such file or folder"]


def test_checking_a_gate_loads_nothing_heavy() -> None:
    program = (
        "import sys; from smoltalk.gates.near_duplicate import NearDuplicate as N\n"
        "from smoltalk.gates.semantic_duplicate import SemanticDuplicate as S\n"
        "from smoltalk.gates.exact_duplicate import ExactDuplicate as E\n"
        "print([*N(on='a').check(), *S().check(), *E(on='a').check()])\n"
        "print(sorted({'numba', 'numpy', 'pyarrow', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"


@pytest.mark.parametrize("gate", [ExactDuplicate, NearDuplicate])
def test_the_dataset_that_lacks_the_column_is_named(
    tmp_path: Path, gate: type[ExactDuplicate] | type[NearDuplicate]
) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text('{"text": "mill"}\n')
    bad.write_text('{"prompt": "mill"}\n')
    with pytest.raises(UserError) as caught:
        gate(on="text", against=(str(good), str(bad))).open()
    assert caught.value.problems[0].path == str(bad)
