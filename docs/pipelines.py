"""Writes docs/pipelines/: a page for each shipped pipeline, of a rehearsal that really ran.

`make docs` runs them all (`python docs/pipelines.py NAME ...` some) and keeps each run in docs/pipelines/NAME.json; the
pages are rendered from these. A test renders them again and holds fingerprints against the pipelines as they are.
"""

import json
import os
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from pipeline_page import index, page

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "pipelines"
ROWS = "10"
"""Rows asked of a pipeline that runs anywhere as it stands."""
_LONG = 16
"""Numbers in a list from which only their count is shown."""


def main(names: list[str]) -> None:
    """Run, keep, write; then the table of all."""
    os.chdir(ROOT)
    for path in shipped():
        if not names or path.stem in names:
            kept = rehearsed(path)
            text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
            (PAGES / f"{path.stem}.json").write_text(text, encoding="utf-8")
            (PAGES / f"{path.stem}.md").write_text(page(path, settings(path), kept), encoding="utf-8")
            books = kept["books"]
            print(f"{path.stem}: {books['state']}, {books['born']} born, {books['accepted']} accepted")
    (PAGES / "README.md").write_text(table(), encoding="utf-8")


def shipped() -> list[Path]:
    """The pipelines with steps, by paths as users give them; mixtures have docs/mixtures.md."""
    from smoltalk.pipeline.mixes import is_mixture

    found = sorted((ROOT / "pipelines").glob("*.yaml"))
    return [path.relative_to(ROOT) for path in found if not is_mixture(path.read_text(encoding="utf-8"))]


def settings(path: Path) -> dict[str, str]:
    """What makes a pipeline small: its own rehearsal, a few rows, or nothing where it has but a few."""
    from smoltalk.pipeline import load
    from smoltalk.pipeline.rehearsal import has_rehearsal, rehearsal

    if has_rehearsal(path.read_text(encoding="utf-8")):
        return rehearsal(path)
    return {"target.accepted": ROWS} if load(path).target.accepted else {}


def table() -> str:
    """README.md of the folder, from the runs that are kept."""
    runs = {path.stem: PAGES / f"{path.stem}.json" for path in shipped()}
    kept = {name: json.loads(file.read_text(encoding="utf-8")) for name, file in runs.items() if file.exists()}
    return index({path: kept[path.stem] for path in shipped() if path.stem in kept})


def made_by(path: Path) -> dict[str, Any]:
    """What the rows of a run come from: replies of an edited step would be others."""
    from smoltalk.pipeline import load
    from smoltalk.run.fingerprints import fingerprints

    pipeline = load(path, settings(path))
    return {"fingerprints": fingerprints(pipeline), "target": pipeline.target.model_dump(exclude_none=True)}


def rehearsed(path: Path) -> dict[str, Any]:
    """One run: its books, its first row, the first one that was rejected, what judged columns said. No times."""
    from smoltalk.pipeline import load
    from smoltalk.run.folder import RunFolder
    from smoltalk.run.session import go

    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder) / path.stem)
        pipeline = load(path, settings(path))
        books = go(pipeline, run, opened=lambda opening: None, watch=lambda stream: None).as_json()
        shown = ("state", "why", "born", "accepted", "rejected", "failed", "target", "by_reason")
        kept: dict[str, Any] = {"made_by": made_by(path), "books": {name: books[name] for name in shown}}
        kept["accepted"] = _published(run)
        return kept | _of_ledger(run, judged(pipeline))


def judged(pipeline: Any) -> list[str]:
    """Columns with labels that a gate or its rater looks at."""
    return sorted({gate.part.column for gate in pipeline.gates if gate.name == "one_of"})


def _published(run: Any) -> dict[str, Any]:
    """The first row of the dataset, whole, as trainers get it."""
    from datasets import disable_progress_bars, load_dataset

    disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        row = load_dataset("parquet", data_dir=str(run.data), split="train", cache_dir=cache)[0]
    return {name: _short(value) for name, value in row.items()}


def _of_ledger(run: Any, columns: list[str]) -> dict[str, Any]:
    from smoltalk.run.database import connect
    from smoltalk.run.ledger import read_rows

    said: dict[str, Counter[str]] = {column: Counter() for column in columns}
    rejected: dict[str, Any] = {}
    with closing(connect(run.database)) as connection:
        for fate, row in read_rows(connection):
            for column, counts in said.items():
                if fate.fate != "failed" and row.get(column) is not None:
                    counts[str(row[column])] += 1
            if fate.fate == "rejected" and not rejected:
                columns_shown = {name: _short(value) for name, value in sorted(row.items()) if name != "id"}
                evidence = json.loads(fate.evidence)
                rejected = {"id": fate.id, "gate": fate.gate, "reason": fate.reason, "evidence": evidence}
                rejected["row"] = columns_shown
    return {"rejected": rejected, "said": {column: _ordered(counts) for column, counts in said.items()}}


def _ordered(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _short(value: Any) -> Any:
    """The value without the numbers of a vector."""
    if isinstance(value, list) and len(value) > _LONG and all(isinstance(one, float) for one in value):
        return f"({len(value):,} numbers)"
    return value


if __name__ == "__main__":
    main(sys.argv[1:])
