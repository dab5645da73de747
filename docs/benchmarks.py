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
rival's. Brackets hold a figure with 95 %. Of whatever is a second (`rows/s`, `tokens/s`, `MB/CPU-s`), of recall, of
copies found and of what was learned, but not of losses, more is better, of all else less. What is timed, what is not,
and what we aim at stands in [bench/README.md](../bench/README.md).
"""
TAIL = """\
## To repeat it

```console
$ make test-vllm                      # once, for the measurements that need a real vLLM: installs the CPU build
$ make loop                           # once, for those that train: installs TRL
$ make bench                          # all of it, an hour; writes bench/results.json
$ .venv/bin/python -m bench vllm_four_steps  # one of them; the others keep their figures
$ make docs                           # writes this page
```

Without a vLLM those measurements say so in a line, and keep the figures they have.
"""
PICTURES = {
    "learning": (
        "![Loss and margins over the steps, and what sources bought](learning.svg)\n\n"
        "Thin lines are of the rows that are trained on, lines with dots of those held out; short strokes are of one "
        "seed."
    )
}
"""What is drawn of a measurement above its table."""
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
            shown = f"{PICTURES[measurement]}\n\n" if measurement in PICTURES else ""
            parts.append(f"### `{measurement}`\n\n{shown}{table(list(its))}\n")
    return "\n".join([*parts, TAIL])


def _where(result: dict[str, Any]) -> tuple[str, str]:
    return result["date"], result["machine"]


def table(results: list[dict[str, Any]]) -> str:
    """In Markdown, a line a result."""
    lines = ["| measured | ours | rival | | ratio |", "|---|---:|---|---:|---:|"]
    lines += [
        f"| {one['name']} ({one['unit']}) | {one['value']:,.4g}{_within(one)} | {one['rival']} "
        f"| {one['rival_value']:,.4g} | {_ratio(one)} |"
        for one in results
    ]
    return "\n".join(lines)


def _within(one: dict[str, Any]) -> str:
    """Its 95 % interval, where it has one."""
    if "interval" not in one:
        return ""
    low, high = one["interval"]
    return f" [{low:,.4g}, {high:,.4g}]"


def _ratio(one: dict[str, Any]) -> str:
    return "" if one["ratio"] is None else f"{one['ratio']:.2f}"


if __name__ == "__main__":
    main()
