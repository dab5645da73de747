"""Writes docs/benchmarks.md from bench/results.json: every figure, beside its rival's, with machine and date."""

import json
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"

HEAD = """\
# Benchmarks

Every figure was measured beside its rival's, both in the same run and taking turns; the ratio is ours divided by the
rival's. Of whatever is a second (`rows/s`, `tokens/s`, `MB/CPU-s`), of recall and of copies found more is better, of
all else less. What is timed, what is not, and what we aim at stands in [bench/README.md](../bench/README.md).
"""
TAIL = """\
## To repeat it

```console
$ make test-vllm                      # once, for the measurements that need a real vLLM: installs the CPU build
$ make bench                          # all of it, a quarter of an hour; writes bench/results.json
$ .venv/bin/python -m bench vllm_four_steps  # one of them; the others keep their figures
$ make docs                           # writes this page
```

Without a vLLM those measurements say so in a line, and keep the figures they have.
"""
GPU = "No GPU was at hand: vLLM is its CPU build, and what it serves is `nano`, 5 million parameters."
"""Said of machines that have none."""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")


def page(results: list[dict[str, Any]]) -> str:
    """The page for these results: a part for each day and machine, a table for each measurement."""
    parts = [HEAD]
    for (date, machine), here in groupby(sorted(results, key=_where), key=_where):
        parts.append(f"## {date}, on {machine}\n")
        if "no GPU" in machine:
            parts.append(f"{GPU}\n")
        for measurement, its in groupby(here, key=lambda one: one["measurement"]):
            parts.append(f"### `{measurement}`\n\n{table(list(its))}\n")
    return "\n".join([*parts, TAIL])


def _where(result: dict[str, Any]) -> tuple[str, str]:
    return result["date"], result["machine"]


def table(results: list[dict[str, Any]]) -> str:
    """In Markdown, a line a result."""
    lines = ["| measured | ours | rival | | ratio |", "|---|---:|---|---:|---:|"]
    lines += [
        f"| {one['name']} ({one['unit']}) | {one['value']:,.4g} | {one['rival']} | {one['rival_value']:,.4g} "
        f"| {one['ratio']:.2f} |"
        for one in results
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
