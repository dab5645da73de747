"""Every shipped pipeline with steps says how to run it, and checks clean; for mixtures, see test_mixtures_sweep."""

from pathlib import Path

import pytest

from smoltalk.catalog import data_folder
from smoltalk.pipeline import describe, load
from smoltalk.pipeline.mixes import is_mixture

ROOT = Path(__file__).parent.parent
SHIPPED = sorted(data_folder("pipelines").glob("*.yaml"))
PIPELINES = [path for path in SHIPPED if not is_mixture(path.read_text("utf-8"))]


@pytest.mark.parametrize("path", PIPELINES, ids=lambda p: p.stem)
def test_pipeline_checks_clean(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert describe(load(path)).startswith(f"{path}  ok\n")


@pytest.mark.parametrize("path", PIPELINES, ids=lambda p: p.stem)
def test_pipeline_opens_with_the_command_that_runs_it(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    opening = lines[: next(i for i, line in enumerate(lines) if not line.startswith("#"))]
    assert len(opening) >= 2, "say what it makes, then how to run it"
    assert opening[-1] == f"#   smoltalk run pipelines/{path.name}"


@pytest.mark.parametrize("path", PIPELINES, ids=lambda p: p.stem)
def test_pipeline_stays_clear_of_benchmarks(path: Path) -> None:
    assert "decontaminate" in {gate.name for gate in load(path).gates}


def test_there_are_pipelines() -> None:
    assert "quickstart" in {path.stem for path in PIPELINES}
