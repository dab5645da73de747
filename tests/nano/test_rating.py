"""The rating templates render, and what nano is taught to reply to them fits what they promise."""

import json
from random import Random

import pytest

from smoltalk.nano.curriculum import draw
from smoltalk.nano.rating import RATINGS, accepted, rated, request
from smoltalk.nano.world import DOMAINS
from smoltalk.prompts import find


@pytest.mark.parametrize("name", RATINGS)
def test_the_taught_replies_fit(name: str) -> None:
    rng, replies, returns = Random(1), set(), find(name).header.returns
    for _ in range(1500):
        asked, reply = rated(rng, name, draw(rng))
        assert accepted(name, reply), reply
        assert json.loads(reply).keys() == dict(returns).keys()
        assert "{{" not in asked
        replies.add(reply)
    assert len(replies) >= 5


@pytest.mark.parametrize("name", RATINGS)
def test_the_example_renders(name: str) -> None:
    query = find(name).example["instruction"]
    assert query in request(name, query)


def test_the_topics_are_the_domains() -> None:
    assert find("classify").header.returns == {"topic": DOMAINS}


@pytest.mark.parametrize(
    "reply",
    ["", "good", "[]", "null", '{"quality": "good"}', '{"quality_reason": "x", "quality": "superb"}',
     '{"quality_reason": 3, "quality": "good"}', '{"quality_reason": "x", "quality": "good", "more": 1}',
     '{"quality_reason": "x", "quality": ["good"]}'],
)  # fmt: skip
def test_other_replies_do_not_fit(reply: str) -> None:
    assert not accepted("rate_quality", reply)


def test_hostile_text_stays_text() -> None:
    assert "{{ 7 * 7 }}" in request("classify", "{{ 7 * 7 }}")
