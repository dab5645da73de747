"""Pairs of answers are read: the prompt stands once, and is not lost by halves."""

from pathlib import Path

from smoltalk.mixture.reading import opened
from tests.mixture.small_runs import turns
from tests.mixture.small_sources import failed, lines, parquet, read, rows, source


def test_pairs_lose_the_prompt_that_their_answers_repeat(tmp_path: Path) -> None:
    asked = turns("q")
    given = [
        {"prompt": "q", "chosen": turns("q", "good"), "rejected": turns("q", "bad")},
        {"prompt": "q", "chosen": [turns("", "good")[1]], "rejected": [turns("", "bad")[1]]},
        {"prompt": "other", "chosen": turns("q"), "rejected": []},
    ]
    pieces = read(opened("s", source(parquet(tmp_path / "a.parquet", given)), "dpo"))
    good = {"prompt": asked, "chosen": turns("", "good")[1:], "rejected": turns("", "bad")[1:]}
    assert [{name: row[name] for name in good} for row in rows(pieces)] == [good, good]
    assert [(one.place, one.reason) for one in failed(pieces)] == [("a.parquet:3", "no_turns")]
    bare = [{name: row[name] for name in ("chosen", "rejected")} for row in given[:2]]
    pieces = read(opened("s", source(parquet(tmp_path / "c.parquet", bare)), "dpo"))
    assert [{name: row[name] for name in good} for row in rows(pieces)] == [good]
    assert [(one.place, one.detail.partition(",")[0]) for one in failed(pieces)] == [
        ("c.parquet:2", "`prompt` is not there")
    ]
    texts = lines(tmp_path / "b.jsonl", {"prompt": "q", "chosen": "good", "rejected": "bad"},
                  {"prompt": " ", "chosen": "good", "rejected": "bad"})  # fmt: skip
    pieces = read(opened("s", source(texts), "dpo"))
    assert [{name: row[name] for name in good} for row in rows(pieces)] == [good]
    assert failed(pieces)[0][2:] == ("b.jsonl:2", "no_content", "`prompt` holds no text")


def test_an_answer_that_repeats_half_a_prompt_keeps_it(tmp_path: Path) -> None:
    given = [{"prompt": turns("q", "a", "q2"), "chosen": turns("q", "other"), "rejected": turns("", "bad")[1:]}]
    (row,) = rows(read(opened("s", source(parquet(tmp_path / "a.parquet", given)), "dpo")))
    assert row["chosen"] == turns("q", "other")
