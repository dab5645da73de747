"""Any text and any data is a pipeline or a user's mistake, never a crash."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smoltalk.errors import UserError
from smoltalk.pipeline import Pipeline, load
from tests.pipeline.sound_pipeline import SOUND, problems


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"\x7fELF\0\0", "p.yaml  is a binary file, not a pipeline"),
        ("näme: x\n".encode("latin-1"), "p.yaml:1  is not UTF-8 text\n    save the file as UTF-8"),
        (b"a: b\nc: \xff\n", "p.yaml:2  is not UTF-8 text"),
        (b"#" * 300_000, "p.yaml  is 300,000 bytes long; a pipeline has at most 250,000"),
        (b"name: \x01\n", "p.yaml:1  holds a character that YAML forbids (#x0001)"),
        (b"[" * 10_000, "p.yaml:1  is nested too deeply"),
        (b"", "p.yaml:1  a pipeline is a mapping (`name: ...`), not empty"),
    ],
)
def test_no_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raw: bytes, sentence: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.yaml").write_bytes(raw)
    assert problems(Path("p.yaml")).startswith(sentence)


def test_no_file(tmp_path: Path) -> None:
    assert problems(tmp_path / "p.yaml") == f"{tmp_path}/p.yaml  no such pipeline"
    assert problems(tmp_path) == f"{tmp_path}  is a folder, not a pipeline"
    assert "cannot be read" in problems(tmp_path / ("x" * 300))
    assert "cannot be read" in problems(Path("a\0b"))


def test_byte_order_mark_and_windows_lines(sound: Path) -> None:
    sound.write_bytes(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())
    assert load(sound).steps[3].line == 15


KEYS = st.sampled_from(["magpie", "ask", "engine", "path", "columns", "x", ""]) | st.text(max_size=5)
JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
        st.sampled_from(["magpie", "ask", "score", "jsonl", "parquet", "pretend.Talker", "a.b", "teacher", "id", "."]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def paths(data: Any) -> list[list[Any]]:
    """The way to every value of a nested one."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [[]] + [[key, *rest] for key, value in items for rest in paths(value)]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_but_user_errors(sound: Path, data: st.DataObject) -> None:
    tree = {"": yaml.safe_load(SOUND)}
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(paths(tree)[1:]))
        holder: Any = tree
        for key in way:
            holder = holder[key]
        holder[last] = copy.deepcopy(data.draw(JUNK))
    Path("junk.yaml").write_text(yaml.safe_dump(tree[""], allow_unicode=data.draw(st.booleans())), encoding="utf-8")
    try:
        assert isinstance(load("junk.yaml"), Pipeline)
    except UserError as error:
        assert error.problems
        lines = [p.line for p in error.problems]
        assert lines == sorted(lines)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="{}[]:,-&*!|>#%@'\"\\ \n\tabn~?<0", max_size=60))
def test_any_text_is_a_pipeline_or_a_user_error(sound: Path, text: str) -> None:
    Path("junk.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError):
        load("junk.yaml")
