"""Writes docs/one-row.md: the life of one real row of `pipelines/quickstart.yaml`, from birth to the dataset.

`make docs` runs the pipeline, keeps the row in docs/one-row.json and renders the page from it; a test renders the page
again and holds what made the row (fingerprints, target) against the pipeline as it is, so neither can drift.
"""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PIPELINE = ROOT / "pipelines" / "quickstart.yaml"
ROW = ROOT / "docs" / "one-row.json"
PAGE = ROOT / "docs" / "one-row.md"

HEAD = """\
# One row, followed through everything

One sentence carries the architecture: **steps write columns, gates read columns, and every row ends in exactly one
place.** This is what that sentence did to one row of `pipelines/quickstart.yaml`. The page is made from a real run by
`make docs`; the same table for any row of yours is `smoltalk trace RUN ROW_ID`.
"""

TAIL = """\
## What is left of it

`smoltalk/run/publishable.py` writes the accepted rows to `data/train-00000.parquet` in row order, the others to
`rejected/`, and the books to the card:

| state | born | accepted | rejected | failed |
|---|---:|---:|---:|---:|
| {state} | {born} | {accepted} | {rejected} | {failed} |

Nothing of this depends on the process that did it. The replies above are in `run.db`, committed before they were used;
kill the run anywhere, start it again, and this row has the same id, the same text and the same end.
"""


def main() -> None:
    """Run, keep one row, write the page; then run again, with a kill in the middle."""
    from killed_run import killed_run

    life = one_life()
    life["killed"] = killed_run(life["books"])
    ROW.write_text(json.dumps(life, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(life), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)} and {ROW.relative_to(ROOT)}")


def one_life() -> dict[str, Any]:
    """The books of a small run and the life of its first accepted row."""
    from smoltalk.cli.books import ledger
    from smoltalk.pipeline import load
    from smoltalk.run.fingerprints import fingerprints
    from smoltalk.run.folder import RunFolder
    from smoltalk.run.session import go
    from smoltalk.run.trace import trace

    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder) / "quickstart")
        pipeline = load(PIPELINE)
        books = go(pipeline, run, opened=lambda opening: None, watch=lambda stream: None)
        import pyarrow.parquet as parquet

        row_id = parquet.read_table(run.data, columns=["id"])["id"][0].as_py()
        life = asyncio.run(trace(run, row_id)).as_json()
    for stage in life["steps"]:
        for asked in stage["asked"]:
            for attempt in asked["attempts"]:
                attempt.pop("seconds")  # a clock's word, another on every machine
    made_by = {"fingerprints": fingerprints(pipeline), "target": pipeline.target.model_dump(exclude_none=True)}
    return {"made_by": made_by, "books": books.as_json(), "ledger": ledger(pipeline.name, books), "life": life}


def page(kept: dict[str, Any]) -> str:
    """The page for a kept row."""
    life, books = kept["life"], kept["books"]
    parts = [HEAD, _born(life)]
    parts += [_stage(number, stage) for number, stage in enumerate(life["steps"], 2)]
    parts += [_gates(len(life["steps"]) + 2, life), TAIL.format(**books)]
    return "\n".join(parts)


def _born(life: dict[str, Any]) -> str:
    return (
        f"## 1. It is born\n\n`smoltalk/run/stream.py` asks the source for row {life['row']} and names it: "
        f"`{life['id']}`, from the pipeline, the source and the index, so the same row has the same name in every "
        f"session.\n\n{_columns(life['born'])}"
    )


def _stage(number: int, stage: dict[str, Any]) -> str:
    lines = [f"## {number}. `{stage['step']}`", ""]
    for asked in stage["asked"]:
        lines += _asked(asked)
    return "\n".join([*lines, "It writes:", "", _columns(stage["columns"])])


def _asked(asked: dict[str, Any]) -> list[str]:
    prompt = "\n".join(f"{turn['role']}: {turn['content']}" for turn in asked["messages"]) or "(nothing)"
    if asked["role"] == "score":
        lines = [f"It asks `{asked['engine']}` for a score of the conversation.", ""]
    else:
        lines = [f"It asks `{asked['engine']}` to write the {asked['role']}'s turn after", "", _fenced(prompt), ""]
    for attempt in asked["attempts"]:
        said = attempt["text"]
        fault = f", which is {attempt['bad']}: asked again" if attempt["bad"] else ""
        tokens = f" ({attempt['tokens_in']} tokens in, {attempt['tokens_out']} out)"
        lines += [f"and gets{tokens}{fault}", "", _fenced(said), ""]
    return lines


def _gates(number: int, life: dict[str, Any]) -> str:
    rows = [f"| `{gate['gate']}` | {gate['ruling']} |" for gate in life["gates"]]
    return "\n".join(
        [
            f"## {number}. It is judged",
            "",
            "`smoltalk/run/judging.py` waits until every row born before it is judged, then asks the gates in turn:",
            "",
            "| gate | verdict |",
            "|---|---|",
            *rows,
            "",
            f"It ends as **{life['fate']}**, and its line in the ledger is written.",
            "",
        ]
    )


def _columns(columns: dict[str, Any]) -> str:
    shown = {name: value for name, value in columns.items() if name != "messages"}
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in shown.items()]
    if "messages" in columns:
        lines.append(f"messages: {len(columns['messages'])} turns")
    return _fenced("\n".join(lines) or "(no columns)") + "\n"


def _fenced(text: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


if __name__ == "__main__":
    main()
