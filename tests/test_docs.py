"""Pages made from real runs match the code that made them, and the README's commands exist."""

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer

from smoltalk.cli import app, main
from smoltalk.pipeline import load
from smoltalk.pipeline.labels import labelled_gates, labelled_steps
from smoltalk.run.fingerprints import fingerprints

ROOT = Path(__file__).resolve().parents[1]


def script(path: Path) -> ModuleType:
    """A script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    sys.path[:0] = [] if str(path.parent) in sys.path else [str(path.parent)]  # scripts of docs/ import each other
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_one_row_is_the_page_of_the_row_that_is_kept() -> None:
    one_row = script(ROOT / "docs" / "one_row.py")
    kept = json.loads(one_row.ROW.read_text(encoding="utf-8"))
    assert one_row.PAGE.read_text(encoding="utf-8") == one_row.page(kept), "run `make docs`"


def test_one_row_went_through_the_pipeline_as_it_is() -> None:
    kept = json.loads((ROOT / "docs" / "one-row.json").read_text(encoding="utf-8"))
    life = kept["life"]
    pipeline = load(ROOT / "pipelines" / "quickstart.yaml")
    target = pipeline.target.model_dump(exclude_none=True)
    assert kept["made_by"] == {"fingerprints": fingerprints(pipeline), "target": target}, "run `make docs`"
    assert [stage["step"] for stage in life["steps"]] == [label for label, _ in labelled_steps(pipeline)]
    assert [gate["gate"] for gate in life["gates"]] == [label for label, _ in labelled_gates(pipeline)]
    for stage, (_, step) in zip(life["steps"], labelled_steps(pipeline), strict=True):
        assert set(stage["columns"]) <= step.writes() | pipeline.born_with, "run `make docs`"


def test_benchmarks_are_those_that_are_kept() -> None:
    benchmarks = script(ROOT / "docs" / "benchmarks.py")
    kept = json.loads(benchmarks.RESULTS.read_text(encoding="utf-8"))
    text = benchmarks.PAGE.read_text(encoding="utf-8")
    assert text == benchmarks.page(kept), "run `make docs`"
    assert all(one["name"] in text for one in kept)


def test_the_killed_server_is_that_of_the_pipeline_as_it_is() -> None:
    killed = script(ROOT / "docs" / "killed_server.py")
    text = killed.PAGE.read_text(encoding="utf-8")
    wanted = load(ROOT / killed.PIPELINE).target.accepted
    assert f"$ smoltalk run {killed.PIPELINE}" in text and "$ kill -9 " in text
    assert f"  {wanted:,} of {wanted:,} rows" in text.partition("$ smoltalk status")[2], "run `make docs`"


def test_planted_items_are_found_as_the_readme_shows() -> None:
    decontaminate = script(ROOT / "docs" / "decontaminate.py")
    kept, again = json.loads(decontaminate.KEPT.read_text(encoding="utf-8")), decontaminate.result()
    assert again["evidence"] == kept["evidence"], "run `make docs`"
    assert decontaminate.timeless(again["transcript"]) == decontaminate.timeless(kept["transcript"]), "run `make docs`"


def test_duplicates_are_as_measured() -> None:
    deduplication = script(ROOT / "docs" / "deduplication.py")
    text = deduplication.PAGE.read_text(encoding="utf-8")
    assert text == deduplication.filled(text), "run `make docs`"


def test_the_readme_names_only_what_there_is() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:^|`)make ([a-z-]+)", readme, re.M)):
        assert re.search(rf"^{target}:", makefile, re.M), f"README says `make {target}`"
    verbs = set(re.findall(r"^\$? *smoltalk ([a-z]+)", readme, re.M))
    assert verbs <= set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    for path in set(re.findall(r"\b((?:pipelines|docs|decontam|templates)/[\w./-]+\.(?:yaml|md|j2))", readme)):
        assert (ROOT / path).exists(), f"README names {path}"


def test_the_readme_quotes_what_there_is() -> None:
    readme = script(ROOT / "docs" / "readme.py")
    text = readme.README.read_text(encoding="utf-8")
    assert text == readme.filled(text), "run `make docs`"


def test_first_screen_holds_the_two_commands() -> None:
    first = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40]
    assert "make demo" in "\n".join(first) and "make test" in "\n".join(first)


def test_your_own_pipeline_runs_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("### Your own pipeline\n")[2].partition("\n### ")[0]
    monkeypatch.chdir(tmp_path)
    names = dict.fromkeys(re.findall(r"`(\w+\.(?:jsonl|j2|yaml))`", section))
    *texts, commands = re.findall(r"```\w*\n(.*?)```", section, re.S)
    for name, text in zip(names, texts, strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert [main(line.split()[1:]) for line in commands.splitlines()] == [0, 0], capsys.readouterr().err
    said = capsys.readouterr().out
    assert "The capital of France is Paris." in said and "2 born = 1 accepted + 1 rejected" in said
