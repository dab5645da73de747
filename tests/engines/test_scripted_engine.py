"""The engine whose replies are written in a file."""

import asyncio
import re
import time
from pathlib import Path

import pytest
import yaml

from smoltalk.catalog import data_folder
from smoltalk.engines.scripted import Scripted
from smoltalk.errors import RowFailed, UserError, WorldError
from smoltalk.prompts import script
from smoltalk.requests import Reply, Request, Sampling
from smoltalk.rows import message

SCRIPT = r"""
rules:
  - when: 'name is (?P<who>\w+)'
    say: ['Hello {{ m.who }} ({{ m[1] | upper }})']
  - role: user
    say: ['What is up?']
  - when: 'many'
    say: [one, two, three, four]
"""


def engine(folder: Path, text: str = SCRIPT) -> Scripted:
    file = folder / "script.yaml"
    file.write_text(text, encoding="utf-8")
    return Scripted(replies=str(file))


def asked(scripted: Scripted, text: str, seed: int = 0, max_tokens: int = 50, role: str = "assistant") -> Reply:
    request = Request([message("user", text)], Sampling(max_tokens=max_tokens), role=role, seed=seed)  # type: ignore[arg-type]
    return asyncio.run(scripted.complete(request))


def test_the_first_rule_that_fits_speaks_with_the_groups_of_its_match(tmp_path: Path) -> None:
    reply = asked(engine(tmp_path), "My name is Ada.\nmany")
    assert (reply.text, reply.finish, reply.tokens_in, reply.tokens_out) == ("Hello Ada (ADA)", "stop", 5, 3)


def test_a_rule_is_for_one_role(tmp_path: Path) -> None:
    assert asked(engine(tmp_path), "x", role="user").text == "What is up?"


def test_the_seed_chooses_and_the_same_seed_chooses_the_same(tmp_path: Path) -> None:
    scripted = engine(tmp_path)
    said = [asked(scripted, "many", seed=seed).text for seed in range(40)]
    assert set(said) == {"one", "two", "three", "four"}
    assert said == [asked(scripted, "many", seed=seed).text for seed in range(40)]


def test_every_lets_a_rule_speak_to_a_share_of_requests(tmp_path: Path) -> None:
    scripted = engine(tmp_path, "rules: [{every: 4, say: [bad]}, {say: [good]}]")
    said = [asked(scripted, f"question {n}").text for n in range(400)]
    assert 60 < said.count("bad") < 140


def test_a_reply_that_is_too_long_is_cut_off(tmp_path: Path) -> None:
    reply = asked(engine(tmp_path, "rules: [{say: [a b c d]}]"), "x", max_tokens=2)
    assert (reply.text, reply.finish, reply.tokens_out) == ("a b", "length", 2)


def test_no_rule_fails_the_row(tmp_path: Path) -> None:
    with pytest.raises(RowFailed, match=r"no rule of .* begins with 'nothing of that'"):
        asked(engine(tmp_path), "nothing of that")


def test_a_text_that_cannot_be_filled_fails_the_row(tmp_path: Path) -> None:
    with pytest.raises(RowFailed, match="script: UndefinedError"):
        asked(engine(tmp_path, "rules: [{say: ['{{ m.nobody }}']}]"), "x")


def test_a_script_is_edited_like_a_template(tmp_path: Path) -> None:
    before = engine(tmp_path).identity()
    assert engine(tmp_path, SCRIPT + "  - say: [x]\n").identity() != before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: []", r"script.yaml:1  "),
        ("rules:\n  - {when: '(', say: [x]}", r"script.yaml:2  .*is not a regular expression"),
        ("rules:\n  - {say: [x]}\n  - say:\n      - '{{ m'", r"script.yaml:4  not jinja2"),
        ("rules:\n  - {sya: [x], say: [y]}", r"script.yaml:2  no field `sya`"),
        ("[]", r"script.yaml"),
    ],
)
def test_mistakes_are_placed_in_the_script(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        engine(tmp_path, text)


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file of replies"):
        Scripted(replies=str(tmp_path / "none.yaml"))


def test_a_request_that_is_too_long_fails_its_row(tmp_path: Path) -> None:
    scripted = engine(tmp_path, "rules: [{say: [a]}]")
    assert asked(scripted, "x" * script.LONGEST).text == "a"
    with pytest.raises(RowFailed, match="prompt_too_long: the request has 20,001 characters"):
        asked(scripted, "x" * (script.LONGEST + 1))


def test_a_pattern_that_would_take_hours_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "_SECONDS", 0.05)
    scripted = engine(tmp_path, "rules: [{when: '(a+)+b', say: [x]}]")
    with pytest.raises(WorldError, match=r"a pattern of .*script\.yaml takes more than"):
        asked(scripted, "a" * 40)


SHIPPED = sorted((data_folder("pipelines") / "samples" / "scripted").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_patterns_that_ship_are_fast_on_a_long_line(path: Path) -> None:
    """Every pattern on the longest request: one line, words, short lines, paragraphs, what it looks for before them."""
    rules = yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]
    for when in {rule["when"] for rule in rules if "when" in rule}:
        pattern, known = re.compile(when, re.DOTALL), " ".join(re.findall(r"[A-Za-z][A-Za-z ,]{5,}", when))
        for text in ("a", "a word ", "a line.\n", "A line. Another one.\n\n", '"a": 1, ', "\n"):
            for begun in ("", known, f"{known}\n"):
                asked_for = (begun + text * script.LONGEST)[: script.LONGEST]
                start = time.process_time()
                pattern.search(asked_for)
                assert time.process_time() - start < 0.5, f"{when!r} on {asked_for[:40]!r}..."
