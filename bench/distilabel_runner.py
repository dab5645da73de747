"""One run of the two tasks on distilabel's own runner: `python -m bench.distilabel_runner ROWS FOLDER BATCH`.

Stock `LoadDataFromDicts >> TextGeneration >> TextGeneration` with an LLM that replies at once, and no cache.
Timed: `Pipeline.run`, from validation to the finished Distiset. Not timed: Python's imports.
"""

import sys
import time
from pathlib import Path
from typing import Any

from distilabel.models.llms.base import LLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration

from bench.measured import report
from bench.two_tasks import questions
from bench.zero import REPLY, TOKENS_IN, TOKENS_OUT


class ZeroLLM(LLM):  # type: ignore[misc]
    """`bench.zero.Zero` in distilabel's words."""

    @property
    def model_name(self) -> str:
        return "zero"

    def generate(self, inputs: Any, num_generations: int = 1) -> Any:
        return [
            {
                "generations": [REPLY],
                "statistics": {"input_tokens": [TOKENS_IN], "output_tokens": [TOKENS_OUT]},
            }
            for _ in inputs
        ]


def main(rows: int, folder: Path, batch: int) -> None:
    with Pipeline(name="two-tasks", cache_dir=folder / "cache") as pipeline:
        source = LoadDataFromDicts(data=list(questions(rows)), batch_size=batch)
        first = TextGeneration(
            name="first", llm=ZeroLLM(), input_batch_size=batch, output_mappings={"generation": "answer"}
        )
        second = TextGeneration(
            name="second", llm=ZeroLLM(), input_batch_size=batch, input_mappings={"instruction": "answer"}
        )
        source >> first >> second
    began = time.perf_counter()
    made = pipeline.run(use_cache=False)
    seconds = time.perf_counter() - began
    assert len(made["default"]["train"]) == rows
    report(rows=rows, seconds=seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
