"""The whole command, files to files: `python -m bench.contamination_command DATA_FOLDER MEGABYTES SCRATCH`.

It parses JSON Lines, looks every text through and writes Parquet, summary and page, in a process of its own; its
start, imports and loading of benchmarks are in the figures.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from bench.contamination_set import conversations, held_out
from bench.contamination_speed import shipped
from bench.contamination_text import batches
from bench.measured import report


def main(folder: Path, size: int, place: Path) -> None:
    """By one thread and by four: MB of text, CPU seconds of the process, wall clock."""
    place.mkdir(parents=True, exist_ok=True)
    text = 0
    data, small = place / "chat.jsonl", place / "small.jsonl"
    small.write_text('{"messages": [{"role": "user", "content": "compiled now"}]}\n', encoding="utf-8")
    with data.open("w", encoding="utf-8") as stream:
        for batch in batches(held_out(conversations(folder)), size):
            for messages in batch["messages"].to_pylist():
                text += sum(len(turn["content"].encode("utf-8", "replace")) for turn in messages)
                stream.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")
    _cost(small, place / "first", 1)  # compiles
    cpu, wall = _cost(data, place / "one", 1)
    _, wall_of_four = _cost(data, place / "four", 4)
    report(megabytes=text / 1e6, seconds=cpu, one=wall, four=wall_of_four)


def _cost(data: Path, out: Path, threads: int) -> tuple[float, float]:
    """CPU seconds and wall clock of one call."""
    call = ["-m", "smoltalk", "decontaminate", data, "--against", ",".join(shipped()), "--out", out]
    used, began = _used(), time.perf_counter()
    done = subprocess.run([sys.executable, *map(str, call), "--threads", str(threads)], capture_output=True, text=True)
    wall, cpu = time.perf_counter() - began, _used() - used
    if done.returncode:
        raise RuntimeError(f"smoltalk decontaminate ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return cpu, wall


def _used() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(float(sys.argv[2]) * 1e6), Path(sys.argv[3]))
