"""What `smoltalk check` says of the gate `decontaminate`: whatever a run would refuse, and all of it at once."""

import json
from pathlib import Path

import pytest

from smoltalk.benchmarks import Item
from smoltalk.benchmarks.build import build
from smoltalk.benchmarks.fingerprint import save
from smoltalk.cli import main

SPEC = "dataset: a/b\nsplits: [test]\nquestion: question\nlicence: mit\n"
PIPELINE = """name: p
licence: mit
steps:
  - jsonl: {{path: rows.jsonl, columns: [messages], licence: mit}}
gates:
  - decontaminate: {{{fields}}}
"""

Told = list[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with rows, as the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SMOLTALK_CACHE", str(tmp_path / "cache"))
    rows = [{"messages": [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Yes?"}]}]
    Path("rows.jsonl").write_text(json.dumps(rows[0]) + "\n")
    return tmp_path


def said(fields: str, capsys: pytest.CaptureFixture[str], verb: str = "check") -> tuple[int, Told]:
    """How it ends, and what it says but for hints."""
    Path("p.yaml").write_text(PIPELINE.format(fields=fields))
    capsys.readouterr()
    code = main([verb, "p.yaml"])
    return code, [line for line in capsys.readouterr().err.splitlines() if not line.startswith(" ")]


def test_what_is_wrong_inside_of_files_is_said_by_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("items.jsonl").write_text('{"question": "How tall is it?"}\n{no\n{"answer": 1}\n')
    Path("my.yaml").write_text(SPEC.replace("question: question", "question: '{{'"))
    Path("other.yaml").write_text(SPEC)
    save(
        build("mine", [Item(question="How tall is the lighthouse of Vell, in feet, at low tide?")], ""),
        Path("other.npz"),
    )
    code, lines = said("against: [items.jsonl, my.yaml, other.yaml, gsm8k]", capsys)
    assert code == 2
    assert [line.partition("  ")[0] for line in lines] == ["items.jsonl:2", "items.jsonl:3", "my.yaml:3", "other.npz"]
    assert lines[-1].endswith("the fingerprint of `other` is one of `mine` and is not used")
    # a published method needs no fingerprint
    assert len(said("against: [items.jsonl, my.yaml, other.yaml], method: tulu3", capsys)[1]) == 3


def test_a_damaged_fingerprint_is_said_with_what_mends_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("my.yaml").write_text(SPEC)
    save(build("my", [Item(question="How tall is the lighthouse of Vell, in feet, at low tide?")], ""), Path("my.npz"))
    assert said("against: [my.yaml]", capsys) == (0, [])
    data = bytearray(Path("my.npz").read_bytes())
    data[len(data) // 2] ^= 4
    Path("my.npz").write_bytes(bytes(data))
    Path("p.yaml").write_text(PIPELINE.format(fields="against: [my.yaml]"))
    assert main(["check", "p.yaml"]) == 2
    told = capsys.readouterr().err
    assert "my.npz  the fingerprint of `my` is damaged and is not used" in told
    assert "build it again: smoltalk benchmarks build my.yaml; or delete it" in told


def test_two_benchmarks_of_one_name_are_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mmlu.jsonl").write_text('{"question": "How tall is it?"}\n')
    code, lines = said("against: [mmlu, mmlu.jsonl]", capsys)
    assert (code, lines) == (2, ["mmlu.jsonl  two benchmarks are called `mmlu`"])


@pytest.mark.parametrize(
    ("fields", "mistakes"),
    [
        ("against: [gsmk8], thershold: 0.5", ["no benchmark `gsmk8`", "no field `thershold`"]),
        ("against: [gsmk8, mlmu], threshold: 7", ["no benchmark `gsmk8`", "no benchmark `mlmu`", "threshold must be"]),
        ("against: [gsmk8], method: tulu", ["no benchmark `gsmk8`", "not `tulu`"]),
    ],
)
def test_no_mistake_hides_another(
    here: Path, capsys: pytest.CaptureFixture[str], fields: str, mistakes: list[str]
) -> None:
    code, lines = said(fields, capsys)
    assert code == 2
    assert len(lines) == len(mistakes)
    assert all(any(mistake in line for line in lines) for mistake in mistakes)


def test_a_run_that_is_refused_leaves_no_folder(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smoltalk.benchmarks.inside.LIMIT", 10)  # too large to be read for a check
    Path("items.jsonl").write_text('{"question": "How tall is it?"}\n{no\n')
    fields = "against: [items.jsonl]"
    assert said(fields, capsys) == (0, [])
    code, lines = said(fields, capsys, "run")
    assert code == 2
    assert [line.partition("  ")[0] for line in lines] == ["items.jsonl:2"]
    assert not Path("runs").exists()
    Path("runs/mine").mkdir(parents=True)
    assert said(fields, capsys, "run")[0] == 2
    assert [path.name for path in Path("runs").iterdir()] == ["mine"]


def test_a_run_that_has_replies_stays_when_it_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smoltalk.benchmarks.inside.LIMIT", 10)
    Path("items.jsonl").write_text('{"question": "How tall is it?"}\n')
    assert said("against: [items.jsonl]", capsys, "run")[0] == 0
    Path("items.jsonl").write_text('{"question": "How tall is it?"}\n{no\n')
    assert said("against: [items.jsonl]", capsys, "run")[0] == 2
    assert Path("runs/p/run.db").is_file()
