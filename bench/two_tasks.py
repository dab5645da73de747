"""The DAG that both sides run: rows from a source, a task that answers each, a task that answers the answer."""

import json
from collections.abc import Iterator
from pathlib import Path

BESIDE = Path(__file__).resolve().parent

_OURS = """\
name: two-tasks
engines:
  zero: {bench.zero.Zero: {}}
rows_in_flight: 1024
steps:
  - jsonl: {path: ROWS}
  - ask: {engine: zero, template: FOLDER/first.j2}
  - ask: {engine: zero, template: FOLDER/second.j2}
"""

_STOCK = """\
name: two-stock-tasks
engines:
  zero: {bench.zero.Zero: {}}
rows_in_flight: 1024
steps:
  - distilabel.steps.LoadDataFromDicts: {batch_size: 1000, data: ROWS}
  - distilabel.steps.tasks.TextGeneration:
      llm: zero
      output_mappings: {generation: answer, model_name: first_model}
  - distilabel.steps.tasks.TextGeneration:
      llm: zero
      input_mappings: {instruction: answer}
      output_mappings: {generation: response, model_name: second_model}
"""


def questions(rows: int) -> Iterator[dict[str, str]]:
    """The source's rows, each another."""
    for i in range(rows):
        yield {"instruction": f"What is the {i}th thing that one would ask about the number {i * 7}?"}


def written(rows: int, folder: Path, *, stock: bool = False) -> Path:
    """The pipeline file for that many rows: our own steps on a JSONL file, or stock distilabel steps throughout."""
    path = folder / "pipeline.yaml"
    if stock:
        path.write_text(_STOCK.replace("ROWS", json.dumps(list(questions(rows)))), encoding="utf-8")
        return path
    source = folder / "rows.jsonl"
    with source.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(question) + "\n" for question in questions(rows))
    text = _OURS.replace("ROWS", json.dumps(str(source))).replace("FOLDER", str(BESIDE))
    path.write_text(text, encoding="utf-8")
    return path
