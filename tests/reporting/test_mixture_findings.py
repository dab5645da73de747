"""What a report says of a mixture: its sources, what they were asked for, and rows out of its files."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.reporting.findings import Findings
from smoltalk.reporting.gather import gather
from smoltalk.reporting.page_verdicts import verdicts
from smoltalk.run.folder import RunFolder
from tests.mixing.mixtures import lines, mixed, rows, talk


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources: one with more rows than are asked for and a near copy, one with fewer, whose rows go in twice."""
    here = tmp_path_factory.mktemp("mixed")
    many = rows(40, "m")
    again: list[dict[str, Any]] = [{**many[3], "id": "copy"}]
    lines(here / "many.jsonl", [*many, *again])
    lines(here / "few.jsonl", [*rows(6, "f"), {"id": "bad", "messages": "none"}, {"id": "hi", **talk("hi", "hello")}])
    sources = {
        "many": {"files": str(here / "many.jsonl"), "count": 20, "licence": "mit"},
        "few": {"files": str(here / "few.jsonl"), "count": 10, "repeat": 2, "licence": "mit"},
    }
    asked = {"sources": sources, "splits": {"train": 0.8, "test": 0.2}}
    file = here / "mixed.yaml"
    gates = "gates: [{exact_duplicate: {on: messages}}]"
    file.write_text(f"name: mixed\nlicence: mit\nkeep: [level]\nmix: {json.dumps(asked)}\n{gates}\n")
    mixed(file, here / "out")
    return here


@pytest.fixture(scope="module")
def found(folder: Path) -> Findings:
    """Of that mixture."""
    return gather(RunFolder(folder / "out"))


def test_sources_are_told_as_the_mixture_counted_them(found: Findings) -> None:
    many, few = found.origins
    assert (many.source, many.asked, many.accepted, many.born) == ("many", 20, 20, 41)
    assert many.born == many.accepted + many.rejected + many.failed
    assert many.beyond > 0
    assert (few.asked, few.accepted, few.repeated, few.failed) == (10, 10, 3, 1)
    assert few.words and few.turns == 2


def test_the_funnel_and_the_splits(found: Findings) -> None:
    assert found.overview.is_mixture and found.overview.command.startswith("smoltalk mix ")
    last = found.funnel[-1]
    assert (last.label, last.came - last.left) == ("mix", found.overview.accepted)
    assert sum(one.n for one in found.splits) == found.overview.accepted == 30
    assert {one.label for one in found.splits} == {"train", "test"}


def test_what_a_mixture_was_asked_for(found: Findings) -> None:
    assert found.overview.target == 30
    assert next(one.told for one in verdicts(found) if one.question == "The target is met") == "30 of 30 rows"


def test_copies_made_on_purpose_are_no_twins(found: Findings) -> None:
    assert found.diversity is not None
    assert (found.diversity.sample, found.diversity.neighbour_sample) == (27, 27)


def test_no_judge_means_no_verdict_on_judges(found: Findings) -> None:
    assert next(one.level for one in verdicts(found) if one.section == "judges") == "none"


def test_copies_made_on_purpose_are_no_duplicates(found: Findings) -> None:
    assert found.duplicates is not None
    assert (found.duplicates.left_exact, found.duplicates.sample) == (0, 27)


def test_columns_come_from_the_files(found: Findings) -> None:
    (level,) = found.labels
    assert (level.name, level.different, level.rated) == ("level", 5, False)
    assert {sample.source for sample in found.samples} == {"many", "few"}


def test_sources_that_are_gone(folder: Path, found: Findings) -> None:
    for name in ("many.jsonl", "few.jsonl"):
        (folder / name).rename(folder / f"gone-{name}")
    try:
        late = gather(RunFolder(folder / "out"))
    finally:
        for name in ("many.jsonl", "few.jsonl"):
            (folder / f"gone-{name}").rename(folder / name)
    assert late.overview.is_mixture
    assert late.origins == found.origins and late.samples == found.samples
