"""The rating templates render, and what nano is taught to reply to them fits what they promise."""

from random import Random

import pytest

from smoltalk.nano.curriculum import draw
from smoltalk.nano.rating import RATINGS, rated, template
from smoltalk.nano.world import DOMAINS


@pytest.mark.parametrize("name", RATINGS)
def test_the_taught_replies_fit(name: str) -> None:
    rng, form, labels = Random(1), template(name), set()
    for _ in range(1500):
        request, reply = rated(rng, name, draw(rng))
        assert form.accepts(reply), reply
        assert "{{" not in request
        labels.add(reply)
    assert len(labels) >= 5


@pytest.mark.parametrize("name", RATINGS)
def test_the_example_renders(name: str) -> None:
    form = template(name)
    assert form.example["instruction"] in form.render(**form.example)


def test_the_topics_are_the_domains() -> None:
    assert template("classify").returns == {"topic": DOMAINS}


@pytest.mark.parametrize(
    "reply",
    ["", "good", "[]", "null", '{"quality": "good"}', '{"quality_reason": "x", "quality": "superb"}',
     '{"quality_reason": 3, "quality": "good"}', '{"quality_reason": "x", "quality": "good", "more": 1}',
     '{"quality_reason": "x", "quality": ["good"]}'],
)  # fmt: skip
def test_other_replies_do_not_fit(reply: str) -> None:
    assert not template("rate_quality").accepts(reply)


def test_hostile_text_stays_text() -> None:
    assert "{{ 7 * 7 }}" in template("classify").render("{{ 7 * 7 }}")
