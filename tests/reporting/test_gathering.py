"""What a report says of a run is what stands in its books."""

import json
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from smoltalk.errors import UserError, WorldError
from smoltalk.reporting.findings import SHOWN, SHOWN_ROW, Findings
from smoltalk.reporting.gather import gather
from smoltalk.reporting.page import page
from smoltalk.reporting.page_verdicts import verdicts
from smoltalk.run.folder import RunFolder
from tests.reporting.report_runs import TALK, made
from tests.run.published_runs import PAIRS, accepted, ended, pair, turns

HOSTILE = "</script><script>alert(1)</script> \u202e {{7*7}} ${x} &lt; \x07 <|im_end|> 🙂" + "z" * 9_000


def talk(number: int, **columns: Any) -> tuple[str, ...]:
    """An accepted row unlike the others."""
    said = " ".join(f"{word}{number}" for word in ("apple", "pear", "plum", "fig", "grape", "melon"))
    quality = ("good", "average")[number % 2]
    answer = f"Certainly! {said} are fruit. I hope this helps"
    return accepted(f"{number:016x}", f"What is {said}?", answer, topic=f"t{number % 3}", quality=quality, **columns)


LINES = [
    *(talk(number, score=number / 7) for number in range(30)),
    ended("a1", "rejected", "Short", "too_long", {"length": 9, "most": 4}, messages=turns("long"), quality="poor"),
    *(
        ended(
            f"b{n}", "rejected", "near_duplicate", "near_duplicate",
            {"column": "messages", "duplicate_of": f"{7:016x}", "similarity": 0.9 - n / 100},
            messages=turns(f"again {n}", "yes"), quality="good",
        )
        for n in range(7)
    ),
    ended(
        "c1", "rejected", "decontaminate", "in_gsm8k",
        {"benchmark": "gsm8k", "item": "12", "score": 0.8, "kind": "edited", "text": "Natalia sold <b>clips</b>"},
        messages=turns("Natalia sold clips", "48"), quality="good",
    ),
    ended("d1", "failed", "ask_rate_quality", "unparseable", {"detail": "no JSON"}, messages=turns("x", "y")),
]  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """The findings of `LINES`."""
    return gather(made(tmp_path_factory.mktemp("talk"), LINES))


def test_the_funnel_ends_at_the_accepted_rows(found: Findings) -> None:
    assert (found.overview.born, found.overview.accepted) == (40, 30)
    stages = [(stage.label, stage.fate, stage.came, stage.left) for stage in found.funnel]
    assert stages == [
        ("ask_rate_quality", "failed", 40, 1),
        ("Short", "rejected", 39, 1),
        ("near_duplicate", "rejected", 38, 7),
        ("decontaminate", "rejected", 31, 1),
    ]
    assert found.funnel[1].reasons[0].reason == "too_long"


def test_rows_are_counted_by_split_and_source(found: Findings) -> None:
    assert [(one.label, one.n) for one in found.splits] == [("train", 30)]
    (origin,) = found.origins
    assert (origin.source, origin.born, origin.accepted, origin.rejected, origin.failed) == ("given", 40, 30, 9, 1)
    assert origin.turns == 2


def test_lengths_are_of_every_accepted_row(found: Findings) -> None:
    by_name = {(one.what, one.unit): one for one in found.lengths}
    assert by_name["turns", "turns"].mean == 2
    assert by_name["user", "words"].rows == 30
    assert by_name["row", "characters"].total == sum(
        len(turn["content"]) for line in LINES[:30] for turn in json.loads(line[5])["messages"]
    )
    assert by_name["row", "tokens"].rows == 30
    assert "`nano`" in found.length_note


def test_columns_are_counted_over_all_fates(found: Findings) -> None:
    labels = {one.name: one for one in found.labels}
    quality = labels["quality"]
    assert quality.rated and quality.ordered
    assert [(one.label, one.n) for one in quality.accepted if one.n] == [("average", 15), ("good", 15)]
    assert [(one.label, one.n) for one in quality.rejected if one.n] == [("poor", 1), ("good", 8)]
    assert quality.missing == 1
    assert not labels["topic"].rated
    (score,) = found.numbers
    assert (score.name, score.values, score.missing, score.high) == ("score", 30, 10, pytest.approx(29 / 7))
    assert sum(score.accepted.counts) == 30


def test_clusters_come_from_the_evidence(found: Findings) -> None:
    assert found.duplicates is not None
    (cluster,) = found.duplicates.clusters
    assert (cluster.gate, cluster.kind, cluster.row, cluster.size) == ("near_duplicate", "near", f"{7:016x}", 7)
    assert cluster.text.startswith("What is apple7")
    assert cluster.members[0] == ("b0", 0.9, "again 0 → yes")
    assert len(cluster.members) == 5
    assert [(one.label, one.n) for one in found.duplicates.sizes if one.n] == [("6-10", 1)]
    assert found.duplicates.found[0].n == 7


def test_benchmarks_are_told_with_a_quote(found: Findings) -> None:
    first, *others = found.contamination
    assert (first.benchmark, first.rows, first.items, first.quoted_item) == ("gsm8k", 1, 1, "12")
    assert first.quote == "Natalia sold <b>clips</b>"
    assert [(one.benchmark, one.rows) for one in others] == [("ifeval", 0)]
    assert "50%" in found.contamination_note


def test_phrases_stand_beside_a_reference(found: Findings) -> None:
    assert found.phrases is not None
    certainly = next(one for one in found.phrases.phrases if one.phrase == "Certainly!")
    assert certainly.rows == 30 and certainly.rate == 1_000
    assert certainly.ratio is not None and certainly.ratio > 10
    assert "Certainly!" in certainly.example
    assert found.phrases.phrases[0].ratio == max(one.ratio or 0 for one in found.phrases.phrases)


def test_openings_neighbours_and_languages(found: Findings) -> None:
    assert found.diversity and found.languages
    assert found.diversity.neighbour_sample == 30
    assert sum(found.diversity.neighbours.counts) == 30
    assert sum(one.n for one in found.languages.counts) == 30
    (user, assistant) = found.diversity.distinct
    assert 0 < user.one < user.two <= user.three <= 1
    assert assistant.what == "assistant"


def test_samples_are_spread_over_categories_and_reasons(found: Findings) -> None:
    assert {dict(one.columns)["topic"] for one in found.samples[:3]} == {"t0", "t1", "t2"}
    first = {one.reason: one for one in found.turned_away[:4]}
    assert set(first) == {"in_gsm8k", "unparseable", "too_long", "near_duplicate"}
    assert first["unparseable"].fate == "failed"
    assert dict(first["in_gsm8k"].evidence)["benchmark"] == "gsm8k"


def test_findings_are_json(found: Findings) -> None:
    assert json.loads(json.dumps(found.as_json(), allow_nan=False))["overview"]["name"] == "talk"


def test_an_unfinished_run_tells_the_same(tmp_path: Path, found: Findings) -> None:
    run = made(tmp_path, LINES, state="running")
    early = gather(run)
    assert early.overview.state == "interrupted"
    assert not run.data.exists()
    assert early.funnel == found.funnel and early.lengths == found.lengths and early.samples == found.samples
    assert early.remarks[0].sentence.startswith("The books are not closed")


def test_a_run_without_rows(tmp_path: Path) -> None:
    none = gather(made(tmp_path, []))
    assert none.overview.born == 0
    assert (none.samples, none.labels, none.phrases, none.languages, none.diversity) == ([], [], None, None, None)
    assert [one.left for one in none.funnel] == [0, 0, 0]
    assert ("alarm", "No row was accepted.") in [(one.level, one.sentence) for one in none.remarks]


def test_a_run_of_failures_only(tmp_path: Path) -> None:
    failed = gather(made(tmp_path, [ended("f", "failed", "source", "unreadable", {"detail": "bad"})], state="stopped"))
    assert [(one.label, one.came, one.left) for one in failed.funnel][:1] == [("source", 1, 1)]
    assert [one.gate for one in failed.turned_away] == ["source"]


def test_hostile_text_stays_text_and_is_cut(tmp_path: Path) -> None:
    lines = [
        accepted(HOSTILE[:30], HOSTILE, HOSTILE, topic=HOSTILE[:60], **{HOSTILE[:40]: HOSTILE[:70]}),
        ended("r", "rejected", "Short", HOSTILE[:50], {HOSTILE: HOSTILE}, messages=turns(HOSTILE)),
    ]
    looked = gather(made(tmp_path, lines))
    text = json.dumps(looked.as_json(), ensure_ascii=False)
    text.encode("utf-8")
    assert "<|im_end|>" not in text
    for sample in (*looked.samples, *looked.turned_away):
        assert all(len(turn.text) <= SHOWN for turn in sample.turns)
        assert sum(len(turn.text) for turn in sample.turns) <= SHOWN_ROW
        assert all(len(name) <= 80 and len(value) <= 500 for name, value in (*sample.columns, *sample.evidence))
    hostile = next(one for one in looked.samples if one.turns[0].cut)
    assert hostile.turns[0].cut + len(hostile.turns[0].text) == pytest.approx(len(HOSTILE), abs=2)


def test_pairs(tmp_path: Path) -> None:
    lines = [
        pair(f"p{n}", f"Question {n}?", "long answer " * (n + 2), "short " * (20 - n), margin=n / 2, chosen_by="big",
             rejected_by="small")
        for n in range(20)
    ]  # fmt: skip
    lines.append(pair("same", "Q?", "One  answer", "one answer"))
    looked = gather(made(tmp_path, lines, text=PAIRS))
    assert looked.pairs is not None
    assert (looked.pairs.pairs, looked.pairs.same_answers, looked.pairs.won) == (21, 1, [("big", "small", 20)])
    assert looked.pairs.margin_length_correlation == pytest.approx(1)
    assert sum(looked.pairs.differences.counts) == 21
    assert {one.what for one in looked.lengths} >= {"prompt", "chosen", "rejected"}
    assert [turn.role for turn in looked.samples[0].turns] == ["user", "chosen", "rejected"]


def test_the_command_can_be_pasted(tmp_path: Path) -> None:
    """Settings as a shell takes them."""
    run = made(tmp_path, [talk(1)])
    with closing(sqlite3.connect(run.database)) as connection:
        settings = json.dumps({"description": '"a b"', "target": "{accepted: 1}"})
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('settings', ?)", (settings,))
        connection.commit()
    words = shlex.split(gather(run).overview.command)
    assert words[-4:] == ["--set", 'description="a b"', "--set", "target={accepted: 1}"]


def test_rows_that_wait_for_people_are_in_the_books(tmp_path: Path) -> None:
    looked = gather(made(tmp_path, [talk(1), talk(2), ended("f" * 16, "pending", "human", "waits", {})]))
    assert (looked.overview.born, looked.overview.accepted, looked.overview.pending) == (3, 2, 1)
    books = verdicts(looked)[0]
    assert (books.level, books.told) == ("pass", "3 born = 2 accepted + 0 rejected + 0 failed + 1 pending")
    assert "<b>1</b> wait for people" in page(looked)


def test_calls_are_read_as_words(tmp_path: Path) -> None:
    called = [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"function": {"name": "weather", "arguments": {"at": "Ulm"}}}],
        },
        {"role": "tool", "content": "sunny"},
        {"role": "assistant", "content": "It is sunny."},
    ]
    line = "q1", "accepted", "", "", "{}", json.dumps({"id": "q1", "source": "given", "messages": called})
    run = made(tmp_path, [line])
    looked = gather(run)
    assert [turn.role for turn in looked.samples[0].turns] == ["user", "assistant", "tool", "assistant"]
    assert '"weather"' in looked.samples[0].turns[1].text
    assert {(one.what, one.unit): one.mean for one in looked.lengths}["turns", "turns"] == 4


def test_a_judge_that_says_one_thing(tmp_path: Path) -> None:
    lines = [
        accepted(f"{n:016x}", f"q{n}?", "word " * (n + 1), quality="good" if n else "poor", quality_score=n + 0.5)
        for n in range(60)
    ]
    looked = gather(made(tmp_path, lines, text=TALK))
    (dull,) = looked.degenerate
    assert (dull.column, dull.kind, dull.value, dull.rows) == ("quality", "one_value", "good", 60)
    assert dull.figure == pytest.approx(59 / 60)
    assert looked.remarks[0].level == "alarm" and "`quality`" in looked.remarks[0].sentence


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no run\.db"):
        gather(RunFolder(tmp_path))


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    run = made(tmp_path, LINES)
    (run.data / "train-00000.parquet").write_bytes(b"PAR1 is not enough PAR1")
    with pytest.raises(WorldError, match="cannot be read"):
        gather(run)


def test_several_files_are_read_in_their_order(tmp_path: Path) -> None:
    run = made(tmp_path, LINES)
    table = pq.read_table(run.data / "train-00000.parquet")
    for number, first in enumerate((0, 11, 22)):
        pq.write_table(table.slice(first, 11), run.data / f"train-{number:05}.parquet", row_group_size=4)
    pq.write_table(table.slice(0, 3), run.data / "test-00000.parquet")
    looked = gather(run)
    assert [(one.label, one.n) for one in looked.splits] == [("test", 3), ("train", 30)]
    assert looked.overview.rows_looked_at == 33
    assert {one.split for one in looked.samples} == {"train", "test"}
    assert looked.duplicates is not None and looked.duplicates.left_exact == 3
