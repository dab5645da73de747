"""Each shipped pipeline has a page of a run that is kept, and the page says what that run said."""

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from smoltalk.pipeline.mixes import is_mixture

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "pipelines"
PIPELINES = [path for path in sorted((ROOT / "pipelines").glob("*.yaml")) if not is_mixture(path.read_text("utf-8"))]

NODE = r"\w+(?:\(\[\"[^\"]*\"\]\)|\{\{\"[^\"]*\"\}\}|\[\"[^\"]*\"\])?"
LINE = re.compile(rf"{NODE}(?: (?:-->|-\.->)(?:\|\"[^\"]*\"\|)? {NODE})?|subgraph gates\[\"[^\"]*\"\]|end")
"""A line of the flowcharts that docs/pipeline_picture.py draws: a node, an edge, the frame around the gates."""


def script(name: str) -> ModuleType:
    """A script of docs/ as a module; they import each other."""
    if str(ROOT / "docs") not in sys.path:
        sys.path.insert(0, str(ROOT / "docs"))
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    return script("pipelines")


def kept(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("path", PIPELINES, ids=lambda p: p.stem)
def test_page_is_that_of_the_run_that_is_kept(path: Path, pages: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown, named = (PAGES / f"{path.stem}.md").read_text(encoding="utf-8"), path.relative_to(ROOT)
    assert shown == pages.page(named, pages.settings(named), kept(path.stem)), "run `make docs`"


@pytest.mark.parametrize("path", PIPELINES, ids=lambda p: p.stem)
def test_run_that_is_kept_is_of_the_pipeline_as_it_is(
    path: Path, pages: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert kept(path.stem)["made_by"] == pages.made_by(path.relative_to(ROOT)), "run `make docs`"


@pytest.mark.parametrize("path", PIPELINES, ids=lambda p: p.stem)
def test_books_on_the_page_balance_and_show_something(path: Path) -> None:
    books, shown = kept(path.stem)["books"], (PAGES / f"{path.stem}.md").read_text(encoding="utf-8")
    assert books["state"] == "complete"
    assert books["born"] == books["accepted"] + sum(one["rows"] for one in books["by_reason"])
    ledger = shown.partition("## The ledger")[2]
    rows = [
        int(line.split("|")[-2]) for line in ledger.splitlines() if re.match(r"\| (accepted|rejected|failed) ", line)
    ]
    assert sum(rows) == books["born"]


@pytest.mark.parametrize("path", PIPELINES, ids=lambda p: p.stem)
def test_picture_is_a_flowchart_with_every_step_and_gate(path: Path) -> None:
    from smoltalk.pipeline import load
    from smoltalk.pipeline.labels import labelled_gates, labelled_steps

    [drawn] = re.findall(r"```mermaid\n(.*?)\n```", (PAGES / f"{path.stem}.md").read_text(encoding="utf-8"), re.S)
    head, *lines = drawn.splitlines()
    assert head == "flowchart TD"
    assert [line for line in lines if not LINE.fullmatch(line.strip())] == []
    pipeline = load(path)
    for label, _ in [*labelled_steps(pipeline), *labelled_gates(pipeline)]:
        assert re.search(rf'"{label}(<br>|")', drawn), f"{label} is missing"
    named = set(re.findall(r"^\s*(\w+)(?=[\[({])", drawn, re.M)) | {"rejected"}
    ends = re.findall(r"(\w+) -\.?->(?:\|[^|]*\|)? (\w+)", drawn)
    assert {end for edge in ends for end in edge} <= named | {"gates"}, "an arrow to nowhere"


def test_labels_of_a_picture_can_hold_anything() -> None:
    escaped = script("pipeline_picture").escaped
    assert escaped('a"b|c<d>#e') == "a#34;b#124;c#60;d#62;#35;e"
    assert escaped("ask_a, 3 (b)") == "ask_a, 3 (b)"


def test_table_of_all_is_as_the_runs_say(pages: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = (PAGES / "README.md").read_text(encoding="utf-8")
    assert shown == pages.table(), "run `make docs`"
    for path in PIPELINES:
        books = kept(path.stem)["books"]
        assert re.search(rf"^\| \[{path.stem}\].*\| {books['born']} \| {books['accepted']} \|", shown, re.M)


def test_no_page_is_left_over() -> None:
    made = {path.stem for path in PAGES.glob("*.json")} | {path.stem for path in PAGES.glob("*.md")} - {"README"}
    assert made == {path.stem for path in PIPELINES}
