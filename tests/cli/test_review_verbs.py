"""`smoltalk review` as a user sees it: rows go out in a file, answers come back, and the run goes by them."""

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq

from tests.cli.conftest import Smoltalk
from tests.cli.review_runs import HUMAN, fill, run_in
from tests.run.published_runs import PAIRS, accepted, pair


def test_a_file_goes_out_and_comes_back(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run, sheet = run_in(tmp_path), tmp_path / "sheet.csv"
    said = smoltalk("review", "export", run, "--out", str(sheet))
    assert (said.code, said.err) == (0, "") and f"{sheet}  6 rows" in said.out
    fill(sheet, a1={"decision": "drop"}, a2={"decision": "edit", "text": "Better."}, a3={"decision": "keep"})
    said = smoltalk("review", "import", run, str(sheet), "--reviewer", "ann")
    assert said.code == 0 and said.out.startswith(
        "3 answers of 1 person\n"
        "  answered  3  rows that enough people decided\n"
        "  kept      2\n"
        "  edited    1  of these: the correction is the row now\n"
        "  rejected  1  by the gate `human`\n"
        "\n"
        "  the books balance: 7 born = 5 accepted + 2 rejected + 0 failed\n"
    )
    rows = pq.read_table(Path(run) / "data").to_pylist()
    assert {row["id"]: row["messages"][-1]["content"] for row in rows} == {
        "a0": "=Answer 0.", "a2": "Better.", "a3": "=Answer 3.", "a4": "=Answer 4.", "a5": "=Answer 5.",
    }  # fmt: skip
    assert "| human |" in (Path(run) / "README.md").read_text().replace("`", "")
    again = smoltalk("review", "import", run, str(sheet), "--reviewer", "ann")
    assert again.out == said.out
    assert smoltalk("review", "status", run).out.startswith(f"{run}  3 answers of 1 person\n  answered  3")
    assert "rejected by human: dropped" in smoltalk("trace", run, "a1").out


def test_what_waits_is_pending_and_not_published(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run, sheet = run_in(tmp_path, HUMAN), tmp_path / "sheet.jsonl"
    smoltalk("review", "export", run, "--out", str(sheet))
    lines = [json.loads(line) for line in sheet.read_text().splitlines()]
    assert len(lines) == 3
    sheet.write_text(json.dumps(lines[0] | {"decision": "keep", "reviewer": "ann"}) + "\n")
    said = smoltalk("review", "import", run, str(sheet))
    assert "pending   2  held back until they are answered" in said.out
    assert "4 accepted + 1 rejected + 0 failed + 2 pending" in said.out
    assert "2 rows held back until people have looked" in smoltalk("status", run).out
    pushed = smoltalk("push", run, "--to", str(tmp_path / "out"))
    assert pushed.code == 2 and "is not through its review: 2 rows wait for people" in pushed.err
    assert smoltalk("push", run, "--to", str(tmp_path / "out"), "--allow", "pending").code == 0
    assert "2 rows are held back" in (Path(run) / "README.md").read_text()
    pending = lines[1]["record"].rpartition("-")[0]
    assert "pending at human: awaits_review" in smoltalk("trace", run, pending).out


def test_fit_proposes_a_cut(tmp_path: Path, smoltalk: Smoltalk) -> None:
    rows = [accepted(f"a{n}", f"Q{n}?", f"A{n}.", topic="t", score=n / 2) for n in range(8)]
    run, sheet = run_in(tmp_path, rows=rows), tmp_path / "sheet.csv"
    assert smoltalk("review", "fit", run).code == 2
    smoltalk("review", "export", run, "--out", str(sheet))
    fill(sheet, **{f"a{n}": {"decision": "keep" if n > 2 else "drop"} for n in range(8)})
    smoltalk("review", "import", run, str(sheet), "--reviewer", "ann")
    said = smoltalk("review", "fit", run)
    assert said.code == 0 and "- at_least: {column: score, value: 1.5}  new" in said.out
    assert "score     8    0       0.62    1.00  0.77  ->  1.5       1.00    1.00  1.00" in said.out
    found = json.loads((Path(run) / "review.json").read_text())
    assert found["cuts"][0]["proposed"] == {"cut": 1.5, "precision": 1.0, "recall": 1.0, "kept": 5, "f1": 1.0}
    assert found["scores"][0]["auc"] == 1.0 and len(found["cuts"][0]["curve"]) == 8


def test_pairs_go_out_in_any_order_and_come_back_in_theirs(tmp_path: Path, smoltalk: Smoltalk) -> None:
    rows = [pair(f"p{n}", f"Q{n}?", "Good.", "Bad.", margin=1.0) for n in range(8)]
    run, sheet = run_in(tmp_path, PAIRS, rows), tmp_path / "sheet.csv"
    smoltalk("review", "export", run, "--out", str(sheet))
    firsts = {
        line["record"].rpartition("-")[0]: line["answer_a"]
        for line in csv.DictReader(io.StringIO(sheet.read_text(), newline=""))
    }
    assert set(firsts.values()) == {"Good.", "Bad."}
    fill(sheet, **{name: {"winner": "a"} for name in firsts})
    smoltalk("review", "import", run, str(sheet), "--reviewer", "ann")
    found = pq.read_table(Path(run) / "data").to_pylist()
    assert {row["id"]: row["chosen"][0]["content"] for row in found} == firsts


def test_a_run_that_people_turned_rows_away_from_is_done(tmp_path: Path, smoltalk: Smoltalk, here: Path) -> None:
    text = (here / "six.yaml").read_text() + "target: {accepted: 2}\n"
    (here / "few.yaml").write_text(text.replace("name: six", "name: few"))
    assert smoltalk("run", "few.yaml", "--out", "few").code == 0
    smoltalk("review", "export", "few", "--out", "few.csv")
    lines = list(csv.DictReader(io.StringIO(Path("few.csv").read_text(), newline="")))
    fill(Path("few.csv"), **{line["record"].rpartition("-")[0]: {"decision": "drop"} for line in lines[:1]})
    assert smoltalk("review", "import", "few", "few.csv", "--reviewer", "ann").code == 0
    for _ in range(2):
        said = smoltalk("run", "few")
        assert said.code == 0 and "nothing is left to do" in said.out
        assert "1 of 2 rows; people turned 1 away" in said.out
    said = smoltalk("run", "few", "--set", "target.accepted=3")  # goes on, and what people said still counts
    assert said.code == 0 and "2 of 3 rows; people turned 1 away" in said.out


def test_rows_that_are_published_before_people_look_are_told_of(tmp_path: Path, smoltalk: Smoltalk, here: Path) -> None:
    text = (here / "six.yaml").read_text()
    gate = "  - human: {sample: 2, reviewers: 1}\n"
    text = text.replace("gates:\n", f"gates:\n{gate}") if "gates:\n" in text else f"{text}gates:\n{gate}"
    (here / "seen.yaml").write_text(text.replace("name: six", "name: seen"))
    said = smoltalk("run", "seen.yaml", "--out", "seen")
    line = "2 rows published before people have looked: smoltalk review push RUN, then pull"
    assert said.code == 0 and line in said.out + said.err
    assert line in smoltalk("status", "seen").out
    assert json.loads(smoltalk("status", "seen", "--json").out)["awaited"] == 2
    assert "2 of the accepted rows are still to be looked at by people" in Path("seen/README.md").read_text()
    smoltalk("review", "export", "seen", "--out", "seen.csv")
    lines = list(csv.DictReader(io.StringIO(Path("seen.csv").read_text(), newline="")))
    fill(Path("seen.csv"), **{one["record"].rpartition("-")[0]: {"decision": "edit", "text": "So."} for one in lines})
    smoltalk("review", "import", "seen", "seen.csv", "--reviewer", "ann")
    assert "published before" not in smoltalk("status", "seen").out
    assert "still to be looked at" not in Path("seen/README.md").read_text()
    told = smoltalk("trace", "seen", lines[0]["record"].rpartition("-")[0]).out
    assert "edit" in told and "ann" in told and '"keep"' not in told


def test_rows_that_wait_are_told_as_such_and_never_pushed(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run = run_in(tmp_path, HUMAN)
    smoltalk("review", "export", run, "--out", str(tmp_path / "a.jsonl"))
    line = json.loads((tmp_path / "a.jsonl").read_text().splitlines()[0])
    (tmp_path / "a.jsonl").write_text(json.dumps(line | {"decision": "drop", "reviewer": "ann"}) + "\n")
    smoltalk("review", "import", run, str(tmp_path / "a.jsonl"))
    assert smoltalk("push", run, "--to", str(tmp_path / "out"), "--allow", "pending").code == 0
    away = pq.read_table(Path(run) / "rejected" / "human.parquet").to_pylist()
    assert sorted(row["reason"] for row in away) == ["awaits_review", "awaits_review", "dropped"]
    pushed = [row for file in (tmp_path / "out").rglob("*.parquet") for row in pq.read_table(file).to_pylist()]
    assert len(pushed) == 3 and not {row["id"] for row in pushed} & {row["id"] for row in away}


def test_a_run_whose_gate_finds_nothing_to_choose_by_keeps_its_replies(
    tmp_path: Path, smoltalk: Smoltalk, here: Path
) -> None:
    text = (here / "six.yaml").read_text()
    gate = "  - human: {sample: 2, by: disagreement}\n"
    text = text.replace("gates:\n", f"gates:\n{gate}") if "gates:\n" in text else f"{text}gates:\n{gate}"
    text = text.replace("name: six", "name: none") + "target: {accepted: 1}\n"  # of one row no score differs
    (here / "none.yaml").write_text(text)
    said = smoltalk("run", "none.yaml", "--out", "none")
    line = next(n for n, one in enumerate(text.splitlines(), 1) if "human" in one)
    assert said.code == 2 and f"none.yaml:{line}  `by: disagreement` needs two columns" in said.err
    assert (
        "complete, but its files could not be written; go on with: smoltalk run none" in smoltalk("status", "none").out
    )
    (here / "none.yaml").write_text(text.replace("disagreement", "random"))
    assert smoltalk("run", "none.yaml", "--out", "none").code == 0 and Path("none/data").is_dir()
