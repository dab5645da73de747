"""A card's template of one's own: it builds on the shipped one, knows what that knows, and is checked beforehand."""

from pathlib import Path

import pytest

from smoltalk.errors import UserError
from smoltalk.pipeline import load
from smoltalk.prompts.card import VARIABLES, card_problems, card_text
from smoltalk.run.card import known
from smoltalk.run.ledger import Books
from smoltalk.run.row_lines import Published

PIPELINE = """\
name: tiny
card: CARD
target: {accepted: 2}
engines: {teacher: {nano: {}}}
steps:
  - magpie: {engine: teacher, categories: {math: 1}}
  - ask: {engine: teacher, template: rate_quality}
"""


def own(folder: Path, text: str) -> str:
    (folder / "mine.md.j2").write_text(text)
    return str(folder / "mine.md.j2")


def pipeline(folder: Path, name: str) -> Path:
    (folder / "p.yaml").write_text(PIPELINE.replace("CARD", name))
    return folder / "p.yaml"


def test_a_card_knows_what_it_says_it_knows(tmp_path: Path) -> None:
    own(tmp_path, "{{ title }}")
    found = known(load(pipeline(tmp_path, "mine.md.j2")), Books(state="complete"), Published())
    assert found.keys() == VARIABLES


def test_one_block_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    text = '{% extends "dataset.md.j2" %}{% block limits %}\n## Mine\n\n{{ rows }} of them\n{% endblock %}'
    mine = own(tmp_path, text)
    loaded = load(pipeline(tmp_path, "mine.md.j2"))
    assert loaded.card == mine and not list(card_problems(mine))
    found = card_text(mine, known(loaded, Books(state="complete", accepted=12), Published()))
    assert "\n## Mine\n\n12 of them\n" in found and "## Known limits" not in found
    assert found.startswith("---\nlicense:") and "\n## The ledger\n" in found


def test_prompts_stand_on_the_card(tmp_path: Path) -> None:
    own(tmp_path, "{{ prompts }}")
    loaded = load(pipeline(tmp_path, "mine.md.j2"))
    found = card_text(loaded.card, known(loaded, Books(state="complete"), Published()))
    assert "`rate_quality`" in found and "{{ instruction" in found and "`system prompt of math`" in found


@pytest.mark.parametrize(
    ("text", "line", "said", "hint"),
    [
        ("a\n{{ titel }}", 2, "a card knows no `titel`", "did you mean `title`?"),
        ("a\n{{ title", 2, "not jinja2: ", ""),
        ('{% extends "other.j2" %}', 1, "a card can extend only the shipped one", ""),
        ('{% extends "dataset.md.j2" %}\n{% block limit %}{% endblock %}', 2, "has no block `limit`", "`limits`"),
        ('{% include "/etc/passwd" %}', 1, "cannot include other files", ""),
    ],
)
def test_mistakes_are_found_before_anything_runs(tmp_path: Path, text: str, line: int, said: str, hint: str) -> None:
    mine = own(tmp_path, text)
    with pytest.raises(UserError) as told:
        load(pipeline(tmp_path, "mine.md.j2"))
    assert [(one.path, one.line) for one in told.value.problems] == [(mine, line)]
    assert said in told.value.problems[0].sentence and hint in told.value.problems[0].hint


def test_a_card_that_is_not_there_is_told_by_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"p\.yaml:2 .*mine\.md\.j2 no such card template"):
        load(pipeline(tmp_path, "mine.md.j2"))


def test_a_template_cannot_reach_python(tmp_path: Path) -> None:
    mine = own(tmp_path, "{{ title.__class__.__mro__ }}")
    with pytest.raises(UserError, match="the card cannot be made"):
        card_text(mine, dict.fromkeys(VARIABLES, "x"))
