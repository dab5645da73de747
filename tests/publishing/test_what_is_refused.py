"""What is not published, and why: all reasons at once, each with what to do."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.run.folder import RunFolder, locked
from tests.publishing.conftest import LINES, ROWS, MakeRun, Said
from tests.run.published_runs import PIPELINE, accepted, turns

Command = Callable[..., Said]

UNCHECKED = "\n".join(line for line in PIPELINE.splitlines() if "decontaminate" not in line)
HUGGING, OPENAI = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3h", "sk-proj-" + "Zk8Qw2Lm9Xc4Vb7Nn1Pp6Rr3Tt5Yy0Uu"


def test_everything_that_stands_against_it_is_told_at_once(made: MakeRun, smoltalk: Command) -> None:
    run = made(text=UNCHECKED.replace("licence: cc-by-4.0\n", ""), state="interrupted")
    said = smoltalk("push", run, "no slash", "--branch", "a", "--pr", "--tag", "v1", "--config-name", "a/b")
    assert said.code == 2
    for sentence in (
        "REPO_ID  `no slash` is no name of a dataset on the Hub",
        "--config-name  `a/b` is no name",
        "--pr  opens a branch of its own",
        "--tag  does not go with `--pr`",
        "is not finished (interrupted): its books are open",
        "was compared with no benchmark",
        "has no licence",
    ):
        assert sentence in said.err
    assert "--allow unchecked" in said.err
    assert "--allow unlicensed" in said.err
    assert not (run / ".release").exists()


@pytest.mark.parametrize("state", ["running", "interrupted", "new"])
def test_open_books(made: MakeRun, smoltalk: Command, tmp_path: Path, state: str) -> None:
    run = made(state=state)
    said = smoltalk("push", run, "--to", tmp_path / "out")
    assert said.code == 2
    assert "its books are open" in said.err
    assert f"smoltalk run {run}" in said.err
    assert not (tmp_path / "out").exists()


def test_a_run_that_stopped_short_has_closed_its_books(made: MakeRun, smoltalk: Command, tmp_path: Path) -> None:
    assert smoltalk("push", made(state="stopped"), "--to", tmp_path / "out").code == 0


def test_a_run_at_work(made: MakeRun, smoltalk: Command, tmp_path: Path) -> None:
    run = made()
    with locked(RunFolder(run)):
        said = smoltalk("push", run, "--to", tmp_path / "out")
    assert said.code == 2
    assert "is being run by process" in said.err


def test_no_run_at_all(smoltalk: Command, tmp_path: Path) -> None:
    said = smoltalk("push", tmp_path, "acme/talk")
    assert said.code == 2
    assert "no run" in said.err


def test_nowhere_to_go(made: MakeRun, smoltalk: Command) -> None:
    said = smoltalk("push", made())
    assert said.code == 2
    assert "--to FOLDER" in said.err


def test_no_accepted_rows(made: MakeRun, smoltalk: Command, tmp_path: Path) -> None:
    said = smoltalk("push", made(lines=LINES[-1:]), "--to", tmp_path / "out")
    assert said.code == 2
    assert "no accepted rows" in said.err


def test_a_card_that_is_gone(made: MakeRun, smoltalk: Command, tmp_path: Path) -> None:
    run = made()
    (run / "README.md").unlink()
    said = smoltalk("push", run, "--to", tmp_path / "out")
    assert said.code == 2
    assert "has no README.md" in said.err
    assert f"write it: smoltalk run {run}" in said.err


def test_data_that_is_not_what_the_books_say(made: MakeRun, smoltalk: Command, tmp_path: Path) -> None:
    run, other = made(), made("other", ROWS[:3])
    (other / "data" / "train-00000.parquet").replace(run / "data" / "train-00000.parquet")
    said = smoltalk("push", run, "--to", tmp_path / "out")
    assert said.code == 2
    assert "has 3 rows in data/, and 30 accepted ones in its books" in said.err
    assert not (tmp_path / "out" / "README.md").exists()


def test_a_damaged_file(made: MakeRun, smoltalk: Command, tmp_path: Path) -> None:
    run = made()
    shard = run / "data" / "train-00000.parquet"
    shard.write_bytes(shard.read_bytes()[:-20])
    said = smoltalk("push", run, "--to", tmp_path / "out")
    assert said.code == 3
    assert "cannot be read" in said.err


@pytest.mark.parametrize(("allow", "text"), [("unchecked", UNCHECKED), ("unlicensed", PIPELINE)])
def test_what_a_person_may_allow(made: MakeRun, smoltalk: Command, tmp_path: Path, allow: str, text: str) -> None:
    keys = {"licence": "unknown"} if allow == "unlicensed" else {}
    run = made(text=text, **keys)
    said = smoltalk("push", run, "--to", tmp_path / "out")
    assert said.code == 2
    assert f"--allow {allow}" in said.err
    assert smoltalk("push", run, "--to", tmp_path / "out", "--allow", allow).code == 0


def test_a_pipeline_that_was_edited_after_the_run(
    smoltalk: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is published as the pipeline is what was run, or the edit is run first."""
    run = ran(smoltalk, tmp_path, monkeypatch, "jsonl: {path: rows.jsonl, licence: mit}")
    file = run / "pipeline.yaml"
    file.write_text(file.read_text().replace("licence: cc-by-4.0", "licence: mit"))
    said = smoltalk("push", run, "--to", tmp_path / "out")
    assert said.code == 2
    assert "has a pipeline.yaml that was edited after the run" in said.err
    assert f"smoltalk run {run}" in said.err
    assert smoltalk("run", run).code == 0
    assert smoltalk("push", run, "--to", tmp_path / "out").code == 0


@pytest.mark.parametrize(
    ("source", "kind"), [("jsonl: {path: rows.jsonl", "jsonl"), ("parquet: {path: rows.parquet", "parquet")]
)
def test_a_source_without_licence(
    smoltalk: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, kind: str
) -> None:
    run = ran(smoltalk, tmp_path, monkeypatch, source + "}")
    said = smoltalk("push", run, "--to", tmp_path / "out")
    assert said.code == 2
    assert f"reads its rows with `{kind}`, whose licence nobody stated" in said.err
    assert smoltalk("push", run, "--to", tmp_path / "out", "--allow", "unlicensed").code == 0


def test_the_licence_of_a_source_is_said_without_asking_anything_anew(
    smoltalk: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ran(smoltalk, tmp_path, monkeypatch, "jsonl: {path: rows.jsonl}")
    before = (run / "data" / "train-00000.parquet").read_bytes()
    assert ran(smoltalk, tmp_path, monkeypatch, "jsonl: {path: rows.jsonl, licence: mit}") == run
    assert (run / "data" / "train-00000.parquet").read_bytes() == before
    assert "- The source (`jsonl` `rows.jsonl`): mit" in (run / "README.md").read_text()
    assert smoltalk("push", run, "--to", tmp_path / "out").code == 0


def ran(smoltalk: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> Path:
    """A run of its own over twelve rows of a file, run for real."""
    monkeypatch.chdir(tmp_path)
    rows = [{"messages": turns(f"What is {i} and {i}?", f"It is {2 * i}.")} for i in range(12)]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), "rows.parquet")
    gate = "  - decontaminate: {against: [gsm8k], of: messages}"
    Path("p.yaml").write_text(f"name: t\nlicence: cc-by-4.0\nsteps:\n  - {source}\ngates:\n{gate}\n")
    said = smoltalk("run", "p.yaml", "--out", "kept")
    assert said.code == 0, said.err
    Path("kept", "report.html").write_text("<p>made before</p>")
    return Path("kept")


@pytest.mark.parametrize("name", ["talk", "a/b/c", "acme/", "/talk", "acme/ta lk", "acme/-x", "acme/x.git", "a" * 97])
def test_names_that_the_hub_does_not_take(made: MakeRun, smoltalk: Command, name: str) -> None:
    said = smoltalk("push", made(), "--", name)
    assert said.code == 2
    assert "is no name of a dataset on the Hub" in said.err


def test_a_folder_that_holds_something_else(made: MakeRun, smoltalk: Command, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    said = smoltalk("push", made(), "--to", tmp_path / "mine")
    assert said.code == 2
    assert "holds no release" in said.err
    assert [one.name for one in (tmp_path / "mine").iterdir()] == ["thesis.tex"]


# ---------------------------------------------------------------- secrets


def with_row(text: str, **columns: object) -> list[tuple[str, ...]]:
    return [*ROWS[:5], accepted("00c0ffee00c0ffee", "How do I log in?", text, **columns)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"Use {HUGGING}.", "a Hugging Face token"),
        (f'client = OpenAI(api_key="{OPENAI}")', "an API key of OpenAI's form"),
        ("AKIA" + "Q7WX2RTY9UVB4NMK", "an AWS access key"),
        ("-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn" * 2, "a private key"),
    ],
)
def test_a_row_with_a_secret_is_named_and_the_secret_is_not(
    made: MakeRun, smoltalk: Command, tmp_path: Path, text: str, kind: str
) -> None:
    run = made(lines=with_row(text))
    said = smoltalk("push", run, "--to", tmp_path / "out")
    assert said.code == 2
    assert f"data/train  row 00c0ffee00c0ffee holds {kind}" in said.err
    assert "aB3dE5" not in said.err
    assert "Zk8Qw2" not in said.err
    assert smoltalk("push", run, "--to", tmp_path / "out", "--allow", "secrets").code == 0


@pytest.mark.parametrize(
    "text",
    [
        'password = "hunter2secret"', "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "sk-your-api-key-goes-here-please-12",
        "AKIAIOSFODNN7EXAMPLE", "sk-estimator-doc-link-and-toggleable-label", "postgres://user:pass@localhost/db",
        "-----BEGIN PUBLIC KEY-----",
    ],
)  # fmt: skip
def test_what_examples_say_is_no_secret(made: MakeRun, smoltalk: Command, tmp_path: Path, text: str) -> None:
    said = smoltalk("push", made(lines=with_row(text)), "--to", tmp_path / "out")
    assert said.code == 0, said.err


def test_what_this_process_keeps_secret_is_found_wherever_it_stands(
    made: MakeRun, smoltalk: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEATHER_API_KEY", "correct-horse-battery")
    run = made(lines=with_row("fine", topic="correct-horse-battery"))
    said = smoltalk("push", run, "--to", tmp_path / "out")
    assert said.code == 2
    assert "the value of $WEATHER_API_KEY" in said.err
    assert "correct-horse" not in said.err


def test_a_secret_on_the_card_is_found(made: MakeRun, smoltalk: Command, tmp_path: Path) -> None:
    run = made()
    (run / "README.md").write_text((run / "README.md").read_text() + f"\nmade with {HUGGING}\n")
    said = smoltalk("push", run, "--to", tmp_path / "out")
    assert said.code == 2
    assert "README.md  holds a Hugging Face token" in said.err


def test_no_more_rows_are_named_than_a_person_reads(made: MakeRun, smoltalk: Command, tmp_path: Path) -> None:
    lines = [accepted(f"{i:016x}", "Hi?", f"{HUGGING}{i}") for i in range(9)]
    said = smoltalk("push", made(lines=lines), "--to", tmp_path / "out")
    assert said.err.count("holds a Hugging Face token") == 5
    assert "and 5 more" in said.err, "four rows, and the card, whose example is the first row"
