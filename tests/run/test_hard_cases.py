"""Cases that once hung a run, emptied a dataset or mixed up replies: each through a whole run."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from smoltalk.errors import WorldError
from smoltalk.pipeline import load
from smoltalk.run.folder import RunFolder
from smoltalk.run.preview import preview
from smoltalk.run.session import books_of
from tests.run.pipelines import PIPELINE, loaded, run, written

pytestmark = pytest.mark.timeout(60)

OWN_STEPS = """
name: small
engines: {writer: {tests.run.scripted.ENGINE: {}}}
target: {max_failed: 1.0}
steps:
  - jsonl: {path: LINES, columns: [instruction]}
  - tests.run.scripted.Prefix: {engine: writer, prefix: AAA, column: response}
  - tests.run.scripted.OtherPrefix: {engine: writer, prefix: BBB, column: second}
keep: [second]
"""


def own_steps(folder: Path, lines: list[str], engine: str = "Scripted", **replace: str) -> Path:
    """A pipeline of custom steps over these lines."""
    (folder / "lines.jsonl").write_text("".join(f"{line}\n" for line in lines))
    text = OWN_STEPS.replace("LINES", str(folder / "lines.jsonl")).replace("ENGINE", engine)
    for old, new in replace.items():
        text = text.replace(old, new)
    return written(folder, text)


def asked(*instructions: str) -> list[str]:
    return [json.dumps({"instruction": text}) for text in instructions]


def column(folder: Path, query: str) -> list[str]:
    connection = sqlite3.connect(folder / "run.db")
    try:
        return [row[0] for row in connection.execute(query)]
    finally:
        connection.close()


@pytest.mark.parametrize("ceiling", ["max_tokens: 1500", "max_hours: 0.0000001"])
def test_a_run_stopped_by_a_ceiling_keeps_its_rows_when_run_again(tmp_path: Path, ceiling: str) -> None:
    pipeline = loaded(tmp_path, target=f"{{accepted: 1000, {ceiling}}}")
    first = run(pipeline, tmp_path / "run")
    again = run(pipeline, tmp_path / "run")
    assert again.state == first.state == "stopped" and again.balanced
    assert again.born >= first.born and again.accepted >= first.accepted


def test_gates_that_want_a_sample_take_what_there_is(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace("value: 44", "quantile: 0.5, calibrate: 64"))
    rows, books = preview(load(path), 2, lambda stream: None)
    assert len(rows) == 2 and books.balanced
    path.write_text(path.read_text().replace("max_attempts: 400", "max_attempts: 30"))
    assert run(load(path), tmp_path / "run").born == 30


def test_half_a_character_in_a_reply_is_replaced(tmp_path: Path) -> None:
    books = run(load(own_steps(tmp_path, asked("a", "b"), engine="Surrogate")), tmp_path / "run")
    assert books.accepted == 2
    assert set(column(tmp_path / "run", "SELECT text FROM replies")) == {"half \N{REPLACEMENT CHARACTER} of it"}


def test_steps_of_two_classes_with_equal_fields_keep_their_own_replies(tmp_path: Path) -> None:
    path = own_steps(tmp_path, asked("hello"))
    run(load(path), tmp_path / "run")
    path.write_text(path.read_text() + "gates:\n  - length: {of: response, unit: words, min: 1}\n")
    run(load(path), tmp_path / "run")
    (columns,) = column(tmp_path / "run", "SELECT columns FROM rows")
    assert "AAA" in json.loads(columns)["response"] and "BBB" in json.loads(columns)["second"]


def test_a_reply_that_trips_its_step_is_kept_and_not_paid_for_again(tmp_path: Path) -> None:
    path = own_steps(tmp_path, asked("a"), **{"column: response": "column: response, fails: true"})
    books = run(load(path), tmp_path / "run")
    assert (books.failed, books.reasons[0][2]) == (1, "step_error")
    assert column(tmp_path / "run", "SELECT bad FROM replies ORDER BY bad") in (["", "step_error"], ["step_error"])


def test_a_refusal_is_kept_counted_and_paid_once(tmp_path: Path) -> None:
    second = "  - tests.run.scripted.OtherPrefix: {engine: writer, prefix: BBB, column: second}\nkeep: [second]\n"
    path = own_steps(tmp_path, asked("a", "b"), engine="Refusing", **{second: ""})
    for _ in range(2):
        books = run(load(path), tmp_path / "run")
        assert (books.failed, books.reasons[0][2], books.cost) == (2, "refused", 2 * 0.5)
        assert list(books.replies.values()) == [{"refused": 2}]
    assert set(column(tmp_path / "run", "SELECT finish || bad || text FROM replies")) == {
        "refusedrefusedI cannot help."
    }


def test_an_engine_that_dies_in_mid_run_says_what_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path, PIPELINE.replace("Scripted: {}", "Dying: {after: 23}"))
    with pytest.raises(WorldError) as error:
        run(load(path), tmp_path / "run")
    assert "the engine is gone" in str(error.value) and "smoltalk run" in str(error.value)
    assert str(tmp_path / "run" / "run.db") in str(error.value)


GLOBAL_STEP = """
name: small
engines: {writer: {tests.run.scripted.Scripted: {broken_every: BROKEN}}}
target: {max_failed: 1.0}
rows_in_flight: 4
steps:
  - jsonl: {path: LINES, columns: [instruction, nn_indices, nn_scores]}
  - ask: {engine: writer, template: answer, attempts: 1}
  - distilabel.steps.EmbeddingDedup: {threshold: 0.9}
keep: [keep_row_after_embedding_filtering]
"""


@pytest.mark.parametrize("broken", [0, 3])
def test_a_global_step_sees_every_row_that_can_still_come(tmp_path: Path, broken: int) -> None:
    good = [json.dumps({"instruction": f"q{i}", "nn_indices": [i], "nn_scores": [0.1]}) for i in range(20)]
    lines = [*good[:7], "{broken", *good[7:]]
    (tmp_path / "lines.jsonl").write_text("".join(f"{line}\n" for line in lines))
    text = GLOBAL_STEP.replace("LINES", str(tmp_path / "lines.jsonl")).replace("BROKEN", str(broken))
    books = run(load(written(tmp_path, text)), tmp_path / "run")
    assert books.balanced and books.born == 21 and books.failed >= 1
    assert books.accepted == 20 if not broken else 0 < books.accepted < 20


def test_words_that_change_no_row_are_taken_over(tmp_path: Path) -> None:
    path = written(tmp_path)
    run(load(path), tmp_path / "run")
    path.write_text(path.read_text() + "description: another word for it\n")
    run(load(path), tmp_path / "run")
    assert "another word" in (tmp_path / "run" / "pipeline.yaml").read_text()
    assert "another word" in (tmp_path / "run" / "README.md").read_text()


def test_a_folder_that_cannot_be_is_the_worlds_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorldError, match="file"):
        run(loaded(tmp_path), tmp_path / "file")


def test_too_many_failures_stop_at_the_same_row_whatever_is_in_flight(tmp_path: Path) -> None:
    born = set()
    for rows in ("4", "200"):
        path = written(tmp_path, target="{accepted: 1000, max_failed: 0.2}", rows_in_flight=rows)
        path.write_text(path.read_text().replace("Scripted: {}", "Scripted: {broken_every: 1}"))
        born.add(run(load(path), tmp_path / rows).born)
    assert born == {50}


def test_rows_of_no_share_and_rows_that_cannot_be_read_are_in_the_books(tmp_path: Path) -> None:
    text = OWN_STEPS.replace("{max_failed: 1.0}", "{accepted: 6, max_failed: 1.0}")
    text = text.replace("jsonl: {path: LINES, columns: [instruction]}", "tests.run.scripted.Shared: {}")
    books = run(loaded(tmp_path, text.replace("ENGINE", "Scripted")), tmp_path / "run")
    assert (books.state, books.accepted, books.balanced) == ("complete", 6, True)
    reasons = {(fate, where, reason): count for fate, where, reason, count in books.reasons}
    assert reasons == {("failed", "source", "unknown_share"): 3, ("failed", "source", "unreadable"): 3}
    details = column(tmp_path / "run", "select evidence from rows where reason = 'unknown_share'")
    assert json.loads(details[0])["detail"] == "`instruction` is 'c', not one of a, b"


def test_lines_added_to_a_file_leave_the_replies_for_the_others_standing(tmp_path: Path) -> None:
    path = own_steps(tmp_path, asked("a", "b", "c"))
    first = run(load(path), tmp_path / "run")
    (tmp_path / "lines.jsonl").write_text("".join(f"{line}\n" for line in asked("a", "CHANGED", "c", "d")))
    more = run(load(path), tmp_path / "run")
    before, after = (sum(e["requests"] for e in books.engines.values()) for books in (first, more))
    assert (before, after) == (6, 10), "two steps ask for the changed row and the new one, and for no other"
    assert column(tmp_path / "run", "select columns from rows order by row")[1].count("CHANGED") == 3


def test_a_letter_that_changed_in_run_db_is_damage(tmp_path: Path) -> None:
    path = own_steps(tmp_path, asked("a", "b"))
    run(load(path), tmp_path / "run")
    for table, spoilt in (("rows", "columns"), ("replies", "text")):
        connection = sqlite3.connect(tmp_path / "run" / "run.db")
        connection.execute(f"update {table} set {spoilt} = replace({spoilt}, 'answer', 'Answer')")
        connection.commit()
        connection.close()
        with pytest.raises(WorldError, match=r"damaged: .* is not as it was written"):
            run(load(path), tmp_path / "run")
        with closing(sqlite3.connect(tmp_path / "run" / "run.db")) as connection:  # so that a run goes on from replies
            connection.execute("update meta set value = 'interrupted' where key = 'state'")
            connection.commit()


def test_an_emptied_run_db_is_damage_and_no_fresh_start(tmp_path: Path) -> None:
    path = own_steps(tmp_path, asked("a"))
    run(load(path), tmp_path / "run")
    for name in ("run.db", "run.db-wal", "run.db-shm"):
        (tmp_path / "run" / name).unlink(missing_ok=True)
    (tmp_path / "run" / "run.db").touch()
    with pytest.raises(WorldError, match="damaged: it is empty"):
        run(load(path), tmp_path / "run")
    with pytest.raises(WorldError, match="damaged: it is empty"):
        books_of(RunFolder(tmp_path / "run"))


def test_a_source_that_gives_nothing_but_failures_is_no_success(tmp_path: Path) -> None:
    path = own_steps(tmp_path, ["{", asked("a")[0], "["])
    path.write_text(path.read_text().replace("max_failed: 1.0", "max_failed: 0.5"))
    books = run(load(path), tmp_path / "run")
    assert (books.state, books.accepted, books.failed) == ("stopped", 1, 2)
    assert books.why == "max_failed: 2 of 3 rows failed"


def test_a_ceiling_is_named_though_a_gate_waited_for_its_sample(tmp_path: Path) -> None:
    path = written(tmp_path, target="{accepted: 30, max_attempts: 20}")
    path.write_text(path.read_text().replace("value: 44", "quantile: 0.5, calibrate: 64"))
    books = run(load(path), tmp_path / "run")
    assert (books.state, books.why) == ("stopped", "max_attempts: 20 rows were born")


@pytest.mark.parametrize("written_column", ["id", "undeclared"])
def test_a_step_keeps_to_the_columns_it_declares(tmp_path: Path, written_column: str) -> None:
    path = own_steps(tmp_path, asked("a", "b"))
    path.write_text(path.read_text().replace("column: second", f"column: second, writes_too: {written_column}"))
    books = run(load(path), tmp_path / "run")
    assert books.reasons == [("failed", "OtherPrefix_second", "step_error", 2)]
