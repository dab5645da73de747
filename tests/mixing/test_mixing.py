"""What a mixture comes to: counts, priority, splits, copies, reasons, and books that balance."""

import errno
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from smoltalk.errors import WorldError
from smoltalk.mixing.books import Ledger, Lines
from smoltalk.mixing.progress import Progress
from smoltalk.run.folder import RunFolder, locked
from tests.mixing.mixtures import ledger, lines, mixed, pipeline, published, rows, talk, turned_away

COPIES = [{"exact_duplicate": {"on": "messages"}}, {"near_duplicate": {"on": "messages"}}]


def sources(folder: Path, **counts: int) -> dict[str, dict[str, object]]:
    """A file of rows for each source."""
    return {
        name: {"files": str(lines(folder / f"{name}.jsonl", rows(many, name))), "licence": "mit"}
        for name, many in counts.items()
    }


def test_shares_give_exact_counts_and_books_balance(tmp_path: Path) -> None:
    some = sources(tmp_path, a=300, b=200, c=100)
    some["a"]["share"], some["b"]["share"], some["c"]["share"] = 0.5, 0.3, 0.2
    told: list[Progress] = []
    done = mixed(pipeline(tmp_path, {"sources": some, "rows": 201}), tmp_path / "run", told=told)
    assert [(one.asked, one.accepted) for one in done.sources] == [(101, 101), (60, 60), (40, 40)]
    assert done.books.state == "complete" and done.books.balanced
    assert done.books.born == 600 == len(ledger(tmp_path / "run"))
    assert [(one.born, one.beyond, one.rejected) for one in done.sources] == [
        (300, 199, 0),
        (200, 140, 0),
        (100, 60, 0),
    ]
    assert len({row["id"] for row in published(tmp_path / "run")}) == 201
    assert {one.stage for one in told} == {"sift", "choose", "write"}
    assert not (tmp_path / "run" / ".mix").exists()


def test_the_earlier_source_keeps_what_both_have(tmp_path: Path) -> None:
    mine = rows(50, "x")
    again = [{**row, "id": f"copy{row['id']}"} for row in mine[:20]]
    first, second = lines(tmp_path / "a.jsonl", mine), lines(tmp_path / "b.jsonl", [*again, *rows(30, "y")])
    for order, kept in (("ab", {"a": 50, "b": 30}), ("ba", {"b": 50, "a": 30})):
        files = {"a": first, "b": second}
        some = {name: {"files": str(files[name]), "licence": "mit"} for name in order}
        out = tmp_path / order
        done = mixed(pipeline(tmp_path, {"sources": some}, gates=COPIES), out)
        assert {one.name: one.accepted for one in done.sources} == kept
        evidence = [row["evidence"]["duplicate_of"] for row in turned_away(out, "exact_duplicate")]
        heads = {row["id"] for row in published(out) if row["source"] == order[0]}
        assert len(evidence) == 20 and set(evidence) <= heads


def test_what_repeats_is_replaced_while_the_source_lasts(tmp_path: Path) -> None:
    mine = rows(100, "x")
    again = [{**row, "id": f"again{row['id']}"} for row in mine]
    lines(tmp_path / "a.jsonl", [*mine, *again])
    some = {"a": {"files": str(tmp_path / "a.jsonl"), "licence": "mit", "count": 90}}
    done = mixed(pipeline(tmp_path, {"sources": some}, gates=COPIES), tmp_path / "run")
    assert done.sources[0].accepted == 90 and done.books.state == "complete"
    texts = {json.dumps(row["messages"]) for row in published(tmp_path / "run")}
    assert len(texts) == 90
    assert 0 < done.sources[0].rejected < 100 and done.sources[0].beyond > 0


def test_another_source_moves_no_row_of_the_others(tmp_path: Path) -> None:
    some = sources(tmp_path, a=400, b=300, c=200)
    for one in some.values():
        one["count"] = 150
    splits = {"train": 0.8, "test": 0.2}
    found = {}
    for names in ("ab", "abc"):
        mixture = {"sources": {name: some[name] for name in names}, "splits": splits}
        mixed(pipeline(tmp_path, mixture, gates=COPIES), tmp_path / names)
        found[names] = {
            split: [row for row in published(tmp_path / names, split) if row["source"] != "c"] for split in splits
        }
    assert found["ab"] == found["abc"]
    assert 0 < len(found["ab"]["test"]) < 120
    assert [row["source"] for row in found["ab"]["train"][:40]] not in (["a"] * 40, ["b"] * 40)


def test_a_small_sample_stands_everywhere_in_the_set(tmp_path: Path) -> None:
    some = sources(tmp_path, a=2000, b=200)
    some["a"]["count"] = 50
    mixed(pipeline(tmp_path, {"sources": some}), tmp_path / "run")
    at = [place for place, row in enumerate(published(tmp_path / "run")) if row["source"] == "a"]
    assert at[0] < 50 and at[-1] > 200 and 90 < sum(at) / 50 < 160


def test_copies_are_born_and_stay_in_their_split(tmp_path: Path) -> None:
    some = sources(tmp_path, a=100)
    some["a"] |= {"count": 250, "repeat": 3}
    mixture = {"sources": some, "splits": {"train": 0.5, "test": 0.5}}
    done = mixed(pipeline(tmp_path, mixture), tmp_path / "run")
    assert done.sources[0].accepted == 250 and done.sources[0].copies == 150 and done.books.born == 250
    where: dict[str, set[str]] = {}
    ids = []
    for split in ("train", "test"):
        for row in published(tmp_path / "run", split):
            ids.append(row["id"])
            where.setdefault(row["id"][:16], set()).add(split)
    assert len(set(ids)) == 250 and all(len(one) == 1 for one in where.values())
    assert sorted(ids)[1].endswith("-2")
    assert sorted(line[1] for line in ledger(tmp_path / "run")) == sorted(ids)
    assert all(json.loads(line[6])["id"] == line[1] for line in ledger(tmp_path / "run"))


def test_too_few_rows_stop_the_mixture_with_what_to_do(tmp_path: Path) -> None:
    some = sources(tmp_path, a=100, b=10)
    some["a"]["count"], some["b"]["count"] = 50, 35
    some["b"]["repeat"] = 2
    file = pipeline(tmp_path, {"sources": some})
    done = mixed(file, tmp_path / "run")
    assert done.books.state == "stopped" and done.books.balanced
    assert done.books.why == "`b` has 20 of the 35 rows it was asked for"
    assert done.command == f"smoltalk mix {tmp_path / 'run'} --set mix.sources.b.repeat=4"
    some["b"]["repeat"] = 4
    done = mixed(pipeline(tmp_path, {"sources": some}), tmp_path / "run")
    assert done.books.state == "complete" and done.kept == 2, "sifted pieces still hold"
    assert len(published(tmp_path / "run")) == 85


def test_limits_gates_and_benchmarks_say_why(tmp_path: Path) -> None:
    asked = "Which seven rivers cross the old stone town before noon in spring?"
    items = lines(tmp_path / "quiz.jsonl", [{"id": "q1", "question": asked}])
    mine = [
        talk(asked, "All seven of them do so daily."),
        talk("how long", "word " * 200),
        talk("how short", "short"),
        {"messages": [*talk("a b c", "d e f g h")["messages"], *talk("and then", "nothing more to say")["messages"]]},
        talk("Is it good?", "It is quite good, I should think."),
        "{broken",
        {"messages": []},
        {"messages": [{"role": "user", "content": None}]},
    ]
    lines(tmp_path / "a.jsonl", mine)  # type: ignore[arg-type]
    mixture = {
        "sources": {"a": {"files": str(tmp_path / "a.jsonl"), "licence": "mit"}},
        "tokenizer": "nano", "max_tokens": 100, "max_turns": 2,
    }  # fmt: skip
    gates = [{"length": {"min": 4}}, {"decontaminate": {"against": [str(items)]}}]
    done = mixed(pipeline(tmp_path, mixture, gates=gates, keep=["tokens"]), tmp_path / "run")
    reasons = {(where, reason): many for _, where, reason, many in done.books.reasons}
    assert reasons[("mix", "too_many_tokens")] == 1 and reasons[("mix", "too_many_turns")] == 1
    assert reasons[("length", "too_short")] == 1 and reasons[("decontaminate", "in_quiz")] == 1
    assert done.books.failed == 3 and done.books.accepted == 1 and done.books.balanced
    (row,) = published(tmp_path / "run")
    assert 0 < row["tokens"] == done.sources[0].tokens
    hit = turned_away(tmp_path / "run", "decontaminate")[0]
    assert hit["evidence"]["turn"] == 0 and hit["evidence"]["role"] == "user" and hit["messages"]
    assert all("a.jsonl" in row["evidence"]["place"] for row in turned_away(tmp_path / "run", "failed"))


def test_the_same_row_twice_goes_in_once(tmp_path: Path) -> None:
    mine = rows(5, "x")
    lines(tmp_path / "a.jsonl", [*mine, mine[2]])
    some = {"a": {"files": str(tmp_path / "a.jsonl"), "licence": "mit"}}
    done = mixed(pipeline(tmp_path, {"sources": some}), tmp_path / "run")
    assert len({row["id"] for row in published(tmp_path / "run")}) == len(published(tmp_path / "run")) == 5
    assert done.books.reasons == [("rejected", "mix", "same_row", 1)]


@pytest.mark.parametrize("gates", [[], COPIES])
def test_threads_change_no_byte(tmp_path: Path, gates: list[dict[str, object]]) -> None:
    from tests.mixing.mixtures import result

    mine = rows(900, "x")
    for number in range(6):
        lines(tmp_path / f"a{number}.jsonl", [*mine[number * 150 : (number + 1) * 150], mine[number]])
    some = {"a": {"files": str(tmp_path / "a*.jsonl"), "licence": "mit", "count": 700}} | sources(tmp_path, b=300)
    file = pipeline(tmp_path, {"sources": some, "splits": {"train": 0.9, "test": 0.1}}, gates=gates, keep=["level"])
    for threads in (1, 4):
        mixed(file, tmp_path / f"run{threads}", threads)
    assert result(tmp_path / "run1") == result(tmp_path / "run4")


def test_a_finished_mixture_is_not_made_again(tmp_path: Path) -> None:
    file = pipeline(tmp_path, {"sources": sources(tmp_path, a=30)})
    first = mixed(file, tmp_path / "run")
    told: list[Progress] = []
    again = mixed(file, tmp_path / "run", told=told)
    assert again.done and not told and not first.done
    assert (again.sources, again.splits, again.books.accepted) == (first.sources, first.splits, 30)


def test_a_second_process_is_told(tmp_path: Path) -> None:
    file = pipeline(tmp_path, {"sources": sources(tmp_path, a=30)})
    with locked(RunFolder(tmp_path / "run")), pytest.raises(WorldError, match="is being run by process"):
        mixed(file, tmp_path / "run")


def test_too_many_failed_rows_stop_the_mixture(tmp_path: Path) -> None:
    broken = [{"messages": [{"role": "emperor", "content": "hail"}]}] * 40
    lines(tmp_path / "a.jsonl", [*broken, *rows(30, "x")])
    some = {"a": {"files": str(tmp_path / "a.jsonl"), "licence": "mit"}}
    done = mixed(pipeline(tmp_path, {"sources": some}), tmp_path / "run")
    assert done.books.state == "stopped" and done.books.why.startswith("40 of 70 rows failed, more than the 50%")
    assert done.books.balanced and "failed.parquet" in done.command
    done = mixed(pipeline(tmp_path, {"sources": some}, target={"max_failed": 0.9}), tmp_path / "run")
    assert done.books.state == "complete" and done.books.failed == 40


def test_few_rows_that_fail_are_judged_too(tmp_path: Path) -> None:
    lines(tmp_path / "a.jsonl", ["{broken", "{broken", *rows(1, "x")])
    done = mixed(pipeline(tmp_path, {"sources": {"a": {"files": str(tmp_path / "a.jsonl")}}}), tmp_path / "run")
    assert done.books.state == "stopped" and done.books.why.startswith("2 of 3 rows failed")


def test_a_mixture_without_an_accepted_row_is_not_complete(tmp_path: Path) -> None:
    mixture = {"sources": sources(tmp_path, a=3), "min_turns": 9}
    done = mixed(pipeline(tmp_path, mixture), tmp_path / "run")
    assert (done.books.state, done.books.why) == ("stopped", "no row was accepted")
    assert done.command == f"no row of `a` passed: see why in {tmp_path / 'run' / 'rejected'}"


def test_an_edited_mixture_keeps_what_still_holds(tmp_path: Path) -> None:
    some = sources(tmp_path, a=60, b=60, c=60)
    some["c"]["count"] = 100
    first = mixed(pipeline(tmp_path, {"sources": some, "splits": {"train": 0.5, "test": 0.5}}), tmp_path / "run")
    assert list((tmp_path / "run" / "data").glob("test-*"))
    lines(tmp_path / "b.jsonl", rows(50, "other"))
    some["c"] |= {"count": 50}
    again = mixed(pipeline(tmp_path, {"sources": some}), tmp_path / "run")
    assert not list((tmp_path / "run" / "data").glob("test-*"))
    assert first.books.state == "stopped" and again.books.state == "complete"
    assert again.kept == 2, "b is another file now"
    assert again.changed == ("source",) and again.books.accepted == 160


def test_no_two_published_rows_have_one_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def clashing(ids: pa.Array, seed: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        return np.arange(len(ids), dtype=np.uint64)

    monkeypatch.setattr("smoltalk.mixing.choose.keys", clashing)
    done = mixed(pipeline(tmp_path, {"sources": sources(tmp_path, a=20, b=30)}), tmp_path / "run")
    assert [one.accepted for one in done.sources] == [20, 10]
    assert done.books.reasons == [("rejected", "mix", "same_row", 20)]


def test_books_that_do_not_balance_are_not_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Ledger.write

    def forgetful(self: Ledger, some: Lines) -> None:
        rows, ids, fates, gates, reasons, evidence, columns = some
        real(self, Lines(rows[1:], ids[1:], fates[1:], gates[1:], reasons[1:], evidence[1:], columns[1:]))

    monkeypatch.setattr(Ledger, "write", forgetful)
    with pytest.raises(RuntimeError, match="30 rows born, 29 ended, 29 in the ledger"):
        mixed(pipeline(tmp_path, {"sources": sources(tmp_path, a=30)}), tmp_path / "run")
    assert not list((tmp_path / "run").glob("data/*.parquet"))


def test_a_full_disk_is_the_worlds_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = pipeline(tmp_path, {"sources": sources(tmp_path, a=60)})

    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(WorldError) as told:
        patch.setattr("smoltalk.mixing.session.write_shards", full)
        mixed(file, tmp_path / "run")
    assert "the disk is full" in str(told.value) and f"smoltalk mix {file}" in told.value.command
    assert not list((tmp_path / "run").glob("data/*"))
    assert mixed(file, tmp_path / "run").books.accepted == 60


def test_many_buckets_and_files_give_the_same_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = pipeline(tmp_path, {"sources": sources(tmp_path, a=300, b=200), "splits": {"train": 0.8, "test": 0.2}})
    mixed(file, tmp_path / "one")
    for module in ("buckets", "shards"):
        monkeypatch.setattr(f"smoltalk.mixing.{module}.BUCKET", 5_000)
    monkeypatch.setattr("smoltalk.mixing.shards.SHARD_ROWS", 90)
    mixed(file, tmp_path / "many", 3)
    assert len(list((tmp_path / "many" / "data").glob("train-*"))) > 3
    for split in ("train", "test"):
        assert published(tmp_path / "many", split) == published(tmp_path / "one", split)
