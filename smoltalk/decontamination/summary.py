"""What a call comes to: the summary as JSON, and the shares of benchmarks that a dataset holds."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from smoltalk.decontamination.session import Job, Result

TOO_MUCH = 0.02
"""Tülu 3 (Lambert et al. 2024, section 3.2) leaves a dataset out that holds more than this share of a benchmark."""


class Share(NamedTuple):
    """How much of one benchmark a dataset holds."""

    benchmark: str
    hit: int
    """Items that some row holds."""
    items: int
    rows: int
    """Rows that hold one."""

    @property
    def share(self) -> float:
        """Of the benchmark's items."""
        return self.hit / self.items if self.items else 0.0

    @property
    def too_much(self) -> bool:
        """By the rule of Tülu 3."""
        return self.share > TOO_MUCH


def shares(result: Result) -> list[Share]:
    """Every benchmark, the most hit first."""
    found = result.tally.benchmarks
    listed = [
        Share(name, len(found[name].items) if name in found else 0, items, found[name].rows if name in found else 0)
        for name, items in result.sizes.items()
    ]
    return sorted(listed, key=lambda one: (-one.share, one.benchmark))


def summary(job: Job, result: Result, lost: Mapping[str, Sequence[str]]) -> str:
    """JSON of what was looked for, how, and what was found. `lost` are items that cannot be found, by benchmark."""
    tally = result.tally.model_dump(mode="json", exclude={"benchmarks"})
    benchmarks: dict[str, Mapping[str, Any]] = {}
    for one in shares(result):
        counted = result.tally.benchmarks.get(one.benchmark)
        benchmarks[one.benchmark] = {
            "items": one.items, "items_hit": one.hit, "share": round(one.share, 5), "over_two_percent": one.too_much,
            "rows": one.rows, "kinds": dict(sorted(counted.kinds.items())) if counted else {},
        }  # fmt: skip
        if one.benchmark in lost:
            benchmarks[one.benchmark] = {**benchmarks[one.benchmark], "cannot_be_found": list(lost[one.benchmark])}
    return json.dumps({**job.identity(result.sources), **tally, "found": benchmarks}, indent=2, ensure_ascii=False)
