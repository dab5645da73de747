"""Everyday n-grams: of one half of each corpus, the same bytes whenever they are built."""

import json
from pathlib import Path

import numpy as np
import pytest

from smoltalk.benchmarks import everyday
from smoltalk.benchmarks.fingerprint import contents
from smoltalk.errors import UserError

LIST = "- {file: talk.jsonl, origin: here, licence: MIT, half: %s}\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Twelve conversations that begin alike, and their list."""
    rows = [
        {"messages": [{"role": "user", "content": f"How do I tie a knot {i}"}, {"role": "assistant", "content": "So."}]}
        for i in range(12)
    ]
    (tmp_path / "talk.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "list.yaml").write_text(LIST % "even number")
    return tmp_path


def test_n_grams_of_several_conversations_are_counted(corpus: Path) -> None:
    made = corpus / "everyday.npz"
    assert everyday.build(everyday.corpora_in(corpus / "list.yaml"), corpus, made) == 5
    arrays, notes = contents(made)
    assert arrays["seen"].tolist() == [6] * 5
    assert (np.diff(arrays["grams"].astype(np.int64)) > 0).all()
    told = json.loads(notes["manifest"])["corpora"][0]
    assert (told["rows"], told["licence"], len(told["sha256"])) == (6, "MIT", 64)
    assert b"knot" not in made.read_bytes()


def test_the_same_corpora_give_the_same_bytes(corpus: Path) -> None:
    for name in ("one.npz", "two.npz"):
        everyday.build(everyday.corpora_in(corpus / "list.yaml"), corpus, corpus / name)
    assert (corpus / "one.npz").read_bytes() == (corpus / "two.npz").read_bytes()


def test_halves_may_go_by_text(corpus: Path) -> None:
    (corpus / "list.yaml").write_text(LIST % "even text")
    everyday.build(everyday.corpora_in(corpus / "list.yaml"), corpus, corpus / "a.npz")
    (corpus / "talk.jsonl").write_text("\n".join(reversed((corpus / "talk.jsonl").read_text().splitlines())))
    everyday.build(everyday.corpora_in(corpus / "list.yaml"), corpus, corpus / "b.npz")
    assert np.array_equal(contents(corpus / "a.npz")[0]["seen"], contents(corpus / "b.npz")[0]["seen"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x\n", "talk.jsonl:1  this line is no conversation"),
        ("", "talk.jsonl  holds no conversations"),
        ("[1]\n", ":1  "),
    ],
)
def test_what_is_no_corpus_is_a_sentence(corpus: Path, text: str, why: str) -> None:
    (corpus / "talk.jsonl").write_text(text)
    with pytest.raises(UserError, match=why):
        everyday.build(everyday.corpora_in(corpus / "list.yaml"), corpus, corpus / "everyday.npz")


def test_a_bad_list_is_a_sentence_about_its_line(corpus: Path) -> None:
    (corpus / "list.yaml").write_text("#\n- {file: talk.jsonl, origin: here, licence: MIT, half: the left one}\n")
    with pytest.raises(UserError, match=r"list\.yaml:2  "):
        everyday.corpora_in(corpus / "list.yaml")


def test_the_shipped_file_is_of_the_shipped_list() -> None:
    _, notes = contents(everyday.wording() / "everyday.npz")
    listed = everyday.corpora_in(everyday.wording() / "everyday.yaml")
    built = [everyday.Corpus.model_validate(one) for one in json.loads(notes["manifest"])["corpora"]]
    assert [one.model_copy(update={"rows": 0, "sha256": ""}) for one in built] == listed
    assert all(one.rows for one in built)


def test_a_damaged_file_is_not_used(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (corpus / "wording").mkdir()
    (corpus / "wording" / "everyday.npz").write_bytes(b"PK")
    monkeypatch.setattr("smoltalk.benchmarks.wording.data_folder", lambda _: corpus)
    with pytest.raises(UserError, match=r"everyday\.npz  is damaged"):
        everyday.everyday()
