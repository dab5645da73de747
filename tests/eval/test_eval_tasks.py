"""Each task: what it asks, what it marks right, and what it says of data it cannot read."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import UserError
from smoltalk.eval.asking import Said
from smoltalk.eval.loose import kept, readings
from smoltalk.eval.naming import task_class, task_names, tasks
from smoltalk.eval.task import Asks


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def said(text: str, finish: str = "stop") -> list[Said]:
    return [Said(text, finish, len(text.split()))]


def one(given: str) -> Asks:
    (task,) = tasks([given]).values()
    assert isinstance(task, Asks)
    return task


PROMPT = {
    "key": 7,
    "prompt": "Tell me how bees dance, in at least 5 words and without a comma.",
    "instruction_id_list": ["length_constraints:number_words", "punctuation:no_comma"],
    "kwargs": [{"relation": "at least", "num_words": 5, "keywords": None}, {}],
}


def test_ifeval_counts_prompts_and_instructions(tmp_path: Path) -> None:
    task = one(f"ifeval: {{data: {lines(tmp_path / 'p.jsonl', PROMPT)}}}")
    (item,) = task.items()
    assert item.id == "7" and item.group == "2 instructions" and item.messages[0]["content"] == PROMPT["prompt"]
    good = task.judge(item, said("They run in the shape of an eight."))
    assert good.points["prompt strict"] == (1, 1) and good.points["instruction strict"] == (2, 2) and not good.why
    half = task.judge(item, said("First left, then right, then they waggle."))
    assert half.points["prompt strict"] == (0, 1) and half.points["instruction strict"] == (1, 2)
    assert "comma" in half.why


def test_ifeval_reads_loosely_too(tmp_path: Path) -> None:
    task = one(f"ifeval: {{data: {lines(tmp_path / 'p.jsonl', PROMPT)}}}")
    (item,) = task.items()
    mark = task.judge(item, said("Sure, here it is:\nThey run in the shape of an eight."))
    assert mark.points["prompt strict"] == (0, 1) and mark.points["prompt loose"] == (1, 1)


def test_no_reading_of_an_empty_answer_keeps_anything() -> None:
    from smoltalk.constraints import read

    asked = read([{"id": "punctuation:no_comma", "kwargs": {}}])
    assert kept("", asked, "strict") == [False] and kept("***", asked[:0], "loose") == []
    assert kept(" \n ", asked, "loose") == [False]
    assert len(readings("a\nb\nc")) == 8 and "b" in readings("a\n*b*\nc")


def test_ifeval_says_which_prompt_is_broken(tmp_path: Path) -> None:
    broken = PROMPT | {"instruction_id_list": ["punctuation:no_coma", "punctuation:no_comma"]}
    task = one(f"ifeval: {{data: {lines(tmp_path / 'p.jsonl', PROMPT, broken)}}}")
    with pytest.raises(UserError, match=r"prompt 2: no constraint `punctuation:no_coma`"):
        task.items()


@pytest.mark.parametrize(
    ("form", "answer", "reply", "right", "answered"),
    [
        ("number", "5 and 7 make 12.\n#### 12", "We add: 5 + 7 = 12. The answer is 12.", 1, 1),
        ("number", "#### 1,200", "The answer is $1200.00.", 1, 1),
        ("number", "#### 12", "The answer is 13.", 0, 1),
        ("number", "#### 999,999", "#### 1000000", 0, 1),
        ("number", "#### 0.3333333", "1/3", 1, 1),
        ("number", "#### 12", "I would rather not say.", 0, 0),
        ("text", "Mont Blanc", '"mont blanc".', 1, 1),
        ("text", "Mont Blanc", "Mont Blanc, in the Alps", 0, 1),
        ("letter", "C", "(C)", 1, 1),
        ("letter", "C", "The answer: B, not C", 0, 1),
        ("letter", "C", "A good question. I think the answer is (C).", 1, 1),
        ("letter", "C", "C. Because A is too small", 1, 1),
        ("letter", "C", "I would say **C**, for B is I's brother", 1, 1),
        ("letter", "A", "A", 1, 1),
        ("letter", "A", "I'd say it is a bird", 0, 0),
        ("letter", "C", "none of them", 0, 0),
    ],
)
def test_exact_compares(tmp_path: Path, form: str, answer: str, reply: str, right: float, answered: float) -> None:
    data = lines(tmp_path / "q.jsonl", {"question": "What is it?", "answer": answer})
    task = one(f"exact: {{data: {data}, form: {form}}}")
    (item,) = task.items()
    mark = task.judge(item, said(reply))
    assert mark.points == {"right": (right, 1), "answered": (answered, 1)} and bool(mark.why) == (not right)


def test_shots_stand_before_the_question(tmp_path: Path) -> None:
    shown = lines(
        tmp_path / "shown.jsonl", {"question": "1 + 1?", "answer": "#### 2"}, {"question": "x", "answer": "1"}
    )
    data = lines(tmp_path / "q.jsonl", {"question": "2 + 2?", "answer": "#### 4"})
    task = one(f"exact: {{data: {data}, ask: '{{question}}', shots: 1, shots_from: {shown}}}")
    (item,) = task.items()
    assert [turn["content"] for turn in item.messages] == ["1 + 1?", "#### 2", "2 + 2?"]
    split = lines(tmp_path / "test-00000.jsonl", {"question": "3 + 3?", "answer": "#### 6"})
    lines(tmp_path / "train-00000.jsonl", {"question": "4 + 4?", "answer": "#### 8"})
    for where in (str(shown), "train"):
        task = one(f"exact: {{data: {split.parent}, split: test, ask: '{{question}}', shots: 1, shots_from: {where}}}")
        (item,) = task.items()
        first = "4 + 4?" if where == "train" else "1 + 1?"
        assert [turn["content"] for turn in item.messages][::2] == [first, "3 + 3?"]


def test_exact_says_what_it_cannot_compare(tmp_path: Path) -> None:
    data = lines(tmp_path / "q.jsonl", {"question": "Why?", "answer": "because"})
    with pytest.raises(UserError, match="row 1: no number to compare in `answer`"):
        one(f"exact: {{data: {data}}}").items()
    with pytest.raises(UserError, match="has no column `quest`"):
        one(f"exact: {{data: {data}, question: quest}}").items()
    with pytest.raises(UserError, match="`shots` needs `shots_from`"):
        one(f"exact: {{data: {data}, shots: 2}}")
    with pytest.raises(UserError, match="no such file"):
        one("exact: {data: ./nowhere.jsonl}").items()


def test_curriculum_items_are_new_and_judged_by_their_own_tasks(tmp_path: Path) -> None:
    task = one("curriculum: {rows: 30, seed: 4}")
    items = task.items()
    assert len(items) == 30 == len({item.id for item in items})
    assert [item.id for item in items] == [item.id for item in task.items()]
    assert task.judge(items[0], said("No idea whatever.")).points["right"] == (0, 1)
    known = [{"instruction": item.id.upper(), "response": "so"} for item in items[:10]]
    others = one(f"curriculum: {{rows: 30, seed: 4, not_in: [{lines(tmp_path / 'known.jsonl', *known)}]}}").items()
    assert not {item.id for item in others} & {item.id for item in items[:10]}
    assert {item.id for item in others} & {item.id for item in items[10:]}
    pairs = [{"prompt": [{"role": "user", "content": item.id}], "chosen": [], "rejected": []} for item in items[:10]]
    plain = {"prompt": items[10].id, "chosen": "so", "rejected": "no"}
    two = lines(tmp_path / "pairs.jsonl", *pairs), lines(tmp_path / "plain.jsonl", plain)
    others = one(f"curriculum: {{rows: 30, seed: 4, not_in: [{', '.join(map(str, two))}]}}").items()
    assert not {item.id for item in others} & {item.id for item in items[:11]}
    with pytest.raises(UserError, match="no domain `maths`"):
        one("curriculum: {domains: [maths]}").items()


def test_curriculum_items_of_data_are_its_first_questions(tmp_path: Path) -> None:
    asked = ["What is the capital of Peru?", "Who wrote this program?", "What is 3 plus 4?"]
    rows = [{"messages": [{"role": role, "content": text} for role in ("user", "assistant")]} for text in asked]
    held, other = lines(tmp_path / "test-0.jsonl", *rows), lines(tmp_path / "train-0.jsonl", rows[0])
    task = one(f"curriculum: {{of: {tmp_path}, split: test}}")
    assert [item.id for item in task.items()] == [asked[0], asked[2]], "the other is off the curriculum"
    assert task.judge(task.items()[0], said("The capital of Peru is Lima.")).points["right"] == (1, 1)
    assert [item.id for item in one(f"curriculum: {{of: {held}, not_in: [{other}]}}").items()] == [asked[2]]
    assert [item.id for item in one(f"curriculum: {{of: {held}, domains: [geography]}}").items()] == [asked[0]]


def test_every_task_says_what_it_counts() -> None:
    for name in task_names():
        cls = task_class(name)
        assert cls.metrics and cls.__doc__, name
        assert len({metric.name for metric in (*cls.metrics, *cls.duels)}) == len(cls.metrics) + len(cls.duels)


def test_tasks_are_named_like_parts_of_a_pipeline(tmp_path: Path) -> None:
    assert list(tasks(["ifeval,gsm8k"])) == ["ifeval", "gsm8k"]
    assert list(tasks(["curriculum", "curriculum: {seed: 1}"])) == ["curriculum", "curriculum-2"]
    file = tmp_path / "suite.yaml"
    file.write_text("sums:\n  exact: {data: sums.jsonl}\nnano: curriculum\n", encoding="utf-8")
    assert list(tasks([str(file)])) == ["sums", "nano"]
    file.write_text("- ifeval\n- exact:\n    data: x.jsonl\n    frm: text\n", encoding="utf-8")
    with pytest.raises(UserError) as mistake:
        tasks([str(file), "ifevil"])
    assert [(problem.line, problem.sentence) for problem in mistake.value.problems] == [
        (0, "no task `ifevil`"),
        (4, "no field `frm` in `exact`"),
    ]


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ("form: number", "1 + 1?\n\nWork it out step by step. End with a line that says: The answer is NUMBER."),
        ("form: text", "1 + 1?"),
        ("ask: ''", "1 + 1?"),
        ("ask: Be brief.", "1 + 1?\n\nBe brief."),
        ("ask: 'Say {question} first'", "Say 1 + 1? first"),
    ],
)
def test_what_stands_below_a_question(tmp_path: Path, fields: str, asked: str) -> None:
    data = lines(tmp_path / "q.jsonl", {"question": "1 + 1?", "answer": "2"})
    (item,) = one(f"exact: {{data: {data}, {fields}}}").items()
    assert item.messages[-1]["content"] == asked
    with pytest.raises(UserError, match="braces"):
        one(f"exact: {{data: {data}, ask: '{{quest}} now'}}")


def test_a_mistake_of_all_prompts_is_said_once(tmp_path: Path) -> None:
    odd = PROMPT | {"instruction_id_list": ["punctuation:no_coma", "punctuation:no_comma"]}
    with pytest.raises(UserError) as error:
        one(f"ifeval: {{data: {lines(tmp_path / 'p.jsonl', PROMPT, odd, PROMPT, odd)}}}").items()
    (said,) = [problem.sentence for problem in error.value.problems]
    assert said.startswith("prompt 2: no constraint `punctuation:no_coma`") and said.endswith("(so do 1 more)")
    with pytest.raises(UserError) as error:
        one(f"ifeval: {{data: {lines(tmp_path / 'q.jsonl', *[{'question': 'x'}] * 25)}}}").items()
    assert [problem.sentence for problem in error.value.problems] == [
        "prompt 1: has no column `prompt` (so do 24 more)"
    ]
