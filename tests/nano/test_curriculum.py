"""The curriculum answers its own questions, and its verifiers refuse damaged answers."""

from random import Random

import pytest

from smoltalk.nano.corruption import corrupted
from smoltalk.nano.curriculum import (
    DOMAIN_PROMPTS,
    FOLLOW_UPS,
    TASKS,
    belongs,
    draw,
    judged_turns,
    verify,
    verify_conversation,
)
from smoltalk.nano.dialogues import dialogue, items, turns
from smoltalk.nano.pairs import is_held_out, pairs
from smoltalk.nano.phrasing import varied
from smoltalk.nano.task import Task
from smoltalk.nano.world import DOMAINS


def said(*turns_: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(turns_)]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_task_answers_its_own_questions(task: Task) -> None:
    for seed in range(200):
        item = task.make(Random(seed))
        assert verify(item.query, item.answer) == (task.name, True), item


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_damaged_answers_are_refused(task: Task) -> None:
    for seed in range(60):
        rng = Random(seed)
        item = task.make(rng)
        answer = corrupted(rng, item)
        assert answer is not None
        assert verify(item.query, answer) == (task.name, False), (item.query, answer)


def test_a_varied_question_is_understood() -> None:
    rng = Random(1)
    for _ in range(3000):
        item = draw(rng)
        assert verify(varied(rng, item.query), item.answer)[1] is True, item


def test_conversations_with_follow_ups_are_verified() -> None:
    rng, seen = Random(2), set()
    for _ in range(4000):
        history = items(rng)
        judged = judged_turns(turns(history))
        assert all(verdict for _, verdict in judged), history
        seen |= {item.task for item in history[1:]}
    assert seen >= {follow_up.task.name for follow_up in FOLLOW_UPS}


def test_one_wrong_answer_makes_a_conversation_wrong() -> None:
    drawn = pairs(Random(3), held_out=False)
    for _ in range(1000):
        pair = next(drawn)
        assert verify_conversation(pair.chosen)[1] is True
        assert verify_conversation(pair.rejected)[1] is False


def test_held_out_pairs_share_no_opening_with_the_others() -> None:
    for held_out in (True, False):
        drawn = pairs(Random(4), held_out)
        for _ in range(200):
            opening = next(m for m in next(drawn).chosen if m["role"] == "user")
            assert is_held_out(opening["content"]) is held_out


def test_the_same_seed_gives_the_same_conversations() -> None:
    first, second = ([dialogue(rng) for _ in range(50)] for rng in (Random(5), Random(5)))
    assert first == second


def test_every_domain_has_a_prompt_and_tasks() -> None:
    assert list(DOMAIN_PROMPTS) == DOMAINS == list(dict.fromkeys(DOMAINS))
    assert {task.domain for task in TASKS} == set(DOMAINS)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (said("What is the capital of Japan?", "The capital of Japan is Tokyo."), ("capital", True)),
        (said("What is the capital of Japan?", "The capital of Japan is Rome."), ("capital", False)),
        (said("What is the capital of Japan?", ""), ("capital", False)),
        (said("Who will win the cup?", "I do not know."), (None, None)),
        (said("What is 4 + 5?", "4 + 5 = 9.", "Add 6 to that.", "9 + 6 = 15."), ("plus", True)),
        (said("What is 4 + 5?", "4 + 5 = 9.", "Add 6 to that.", "4 + 6 = 10."), ("plus", False)),
        (said("What is 4 + 5?", "4 + 5 = 8.", "Who wins?", "Nobody."), ("plus", False)),
        (said("What is 4 + 5?", "4 + 5 = 9.", "Who wins?", "Nobody."), ("plus", None)),
        (said("What is 4 + 5?", "2 + 2 = 5. The answer is 9."), ("plus", False)),
        (said("Name two colors.", "Red and blue.", "Give me one more.", "Pink."), ("list_prose", True)),
        (said("Name two colors.", "Red and blue.", "Give me one more.", "Blue."), ("list_prose", False)),
        (said("What color is coal? Answer in uppercase.", "BLACK."), ("constraint_uppercase", True)),
        (said("What color is coal? Answer in uppercase.", "Black."), ("constraint_uppercase", False)),
        ([], (None, None)),
    ],
)
def test_verdicts(messages: list[dict[str, str]], expected: tuple[str | None, bool | None]) -> None:
    assert verify_conversation(messages) == expected


@pytest.mark.parametrize(
    "query", ["Jack has 4 a. A friend brings 3 more. How many " * 2000, "9" * 6000, "\ud800", "", "{a}"]
)
@pytest.mark.parametrize("answer", ["9" * 6000, "", "5 + 5 = " + "1" * 5000, "\x00"])
def test_hostile_text_is_judged_at_once(query: str, answer: str) -> None:
    assert verify_conversation(said(query, answer)) == (None, None)
    assert verify_conversation(said("What is 4 + 5?", answer, query, answer))[1] is False


def test_a_system_prompt_is_no_turn() -> None:
    system = {"role": "system", "content": DOMAIN_PROMPTS["math"]}
    assert verify_conversation([system, *said("What is 2 x 3?", "2 x 3 = 6.")]) == ("times", True)


def test_what_belongs_to_a_conversation() -> None:
    history = [draw(Random(seed), "geography") for seed in range(1)]
    assert belongs(history, "Thank you!")
    assert belongs(history, "What is the capital of Peru?")
    assert not belongs(history, "What is 3 + 4?")
    assert not belongs(history, "Give me one more.")
    assert not belongs(history, "Blue the of?")
