"""One slow row holds up neither the births nor the engine."""

import asyncio
from pathlib import Path
from typing import ClassVar

import pyarrow.parquet

from smoltalk.contracts import Engine
from smoltalk.pipeline import load
from smoltalk.requests import Reply, Request
from tests.run.pipelines import run, written

PIPELINE = """
name: small
engines: {slow: {tests.run.test_window.SlowFirst: {}}}
rows_in_flight: 4
steps:
  - jsonl: {path: LINES}
  - ask: {engine: slow, template: answer}
"""


class SlowFirst(Engine):
    """Answers question 0 once twenty others are answered."""

    max_in_flight: int = 4
    answered: ClassVar[int] = 0

    async def start(self, folder: Path) -> None: ...

    async def stop(self) -> None: ...

    async def complete(self, request: Request) -> Reply:
        cls = type(self)
        if "question 0" in request.messages[-1]["content"]:
            for _ in range(60_000):  # then it gives up, and the test sees how far the others came
                if cls.answered >= 20:
                    break
                await asyncio.sleep(0.001)
            return Reply(f"after {cls.answered}", tokens_out=1)
        cls.answered += 1
        return Reply("at once", tokens_out=1)


def test_rows_behind_a_slow_one_go_on(tmp_path: Path) -> None:
    SlowFirst.answered = 0
    (tmp_path / "lines.jsonl").write_text("".join(f'{{"instruction": "question {i}"}}\n' for i in range(60)))
    path = written(tmp_path, PIPELINE.replace("LINES", str(tmp_path / "lines.jsonl")))
    books = run(load(path), tmp_path / "run")
    assert books.balanced and books.accepted == 60
    rows = pyarrow.parquet.read_table(tmp_path / "run" / "data" / "train-00000.parquet").to_pylist()
    first = next(row for row in rows if row["messages"][0]["content"].endswith("question 0"))
    assert int(first["messages"][1]["content"].removeprefix("after ")) >= 20


def test_an_engine_is_given_rows_enough(tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text('{"instruction": "question 1"}\n')
    text = PIPELINE.replace("LINES", str(tmp_path / "lines.jsonl"))
    assert load(written(tmp_path, text)).window == 4
    text = text.replace("rows_in_flight: 4\n", "")
    assert load(written(tmp_path, text)).window == 256
    wide = text.replace("SlowFirst: {}", "SlowFirst: {max_in_flight: 1000}")
    assert load(written(tmp_path, wide)).window == 2000
