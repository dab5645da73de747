"""The form that a template gives its reply: a choice, a regular expression, a schema."""

import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smoltalk import prompts
from smoltalk.errors import BadReply
from smoltalk.prompts.pattern import LONGEST
from smoltalk.requests import Sampling
from tests.prompts.rating import write

TEXT = "---\nreturns: text\ncolumn: answer\n{form}\n---\n{{{{ question }}}}\n"


def test_the_reply_is_one_of_a_choice(tmp_path: Path) -> None:
    template = write(tmp_path, TEXT.format(form="choice: [yes, no, not sure]"))
    request = template.request({"question": "Safe?"}, Sampling())
    assert (request.choice, request.regex, request.schema) == (("yes", "no", "not sure"), None, None)
    assert template.parse(" not sure\n") == {"answer": "not sure"}
    for reply in ("Yes", "yes.", "yes no", "sure", "y" * 10_000):
        with pytest.raises(BadReply, match=r'schema: the reply is ".*, not one of "yes", "no", "not sure"$'):
            template.parse(reply)


def test_the_reply_matches_a_regex_whole(tmp_path: Path) -> None:
    template = write(tmp_path, TEXT.format(form=r"regex: '[A-D]|\d{3}-\d{4}'"))
    request = template.request({"question": "Number?"}, Sampling())
    assert (request.choice, request.regex, request.schema) == ((), r"[A-D]|\d{3}-\d{4}", None)
    assert template.parse(" 555-1234\n") == {"answer": "555-1234"}
    for reply in ("5555-1234", "A B", "A\nB", "E", "\ud800", "555-12345"):
        with pytest.raises(BadReply, match=r"schema: .* does not match the regular expression \[A-D\]\|"):
            template.parse(reply)
    with pytest.raises(BadReply, match="empty"):
        template.parse(" ")


@pytest.mark.parametrize("regex", ["(a+)+", "(a|aa)+", "(a*)*b", "(.*a){12}"])
def test_no_reply_holds_a_regex_up(tmp_path: Path, regex: str) -> None:
    template = write(tmp_path, TEXT.format(form=f"regex: '{regex}'"))
    for reply in ("a" * LONGEST + "!", "a" * (LONGEST - 1) + "!"):
        began = time.process_time()
        with pytest.raises(BadReply, match="schema"):
            template.parse(reply)
        assert time.process_time() - began < 2, "Python's own `re` takes minutes for thirty characters"


def test_a_reply_that_is_too_long_to_match_is_told_so(tmp_path: Path) -> None:
    template = write(tmp_path, TEXT.format(form="regex: a+"))
    assert template.parse("a" * LONGEST) == {"answer": "a" * LONGEST}
    with pytest.raises(BadReply, match=r"longer than 32,768 characters"):
        template.parse("a" * (LONGEST + 1))


def test_a_schema_goes_to_the_engine_alone(rate: prompts.Template) -> None:
    request = rate.request(rate.example, Sampling(max_tokens=7))
    assert (request.schema, request.regex, request.choice) == (rate.schema(), None, ())
    assert request.messages == rate.render(rate.example) and request.sampling.max_tokens == 7


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=4, unique=True), st.text("abcd ", max_size=3))
def test_a_choice_is_what_its_regex_is(labels: list[str], reply: str) -> None:
    as_choice = _template(TEXT.format(form=f"choice: {labels}"))
    as_regex = _template(TEXT.format(form=f"regex: '{'|'.join(labels)}'"))
    assert _parsed(as_choice, reply) == _parsed(as_regex, reply)


def _template(text: str) -> prompts.Template:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.j2"
        path.write_text(text)
        return prompts.Template("t.j2", path)  # not from the cache, which goes by when a file was written


def _parsed(template: prompts.Template, reply: str) -> Any:
    try:
        return template.parse(reply)
    except BadReply as error:
        return error.kind


def test_identity_follows_the_form(tmp_path: Path) -> None:
    bare = write(tmp_path, TEXT.format(form=""), "a.j2").identity()
    assert bare.keys() == {"returns", "column", "system", "body"}, "replies of templates without a form stay valid"
    one = write(tmp_path, TEXT.format(form="choice: [yes, no]"), "b.j2").identity()
    other = write(tmp_path, TEXT.format(form="choice: [yes, no, so]"), "c.j2").identity()
    assert bare != one != other != bare
    assert write(tmp_path, TEXT.format(form="regex: x"), "d.j2").identity() != bare
