"""Rows of tools on offer: drawn from a library, some to be called and some only to be passed over."""

import hashlib
import json
import random
from collections.abc import Iterator, Mapping
from itertools import accumulate, count
from typing import Annotated, Literal

import orjson
from pydantic import Field

from smoltalk import local_files
from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.sources import Licensed
from smoltalk.tools.schemas import Library, Schema, read_library

_GOLDEN = 0x9E3779B97F4A7C15
"""2^64 / golden ratio: the additive recurrence with the most even spread (Knuth, TAOCP 3, section 6.4)."""

Kind = Literal["single", "parallel", "none"]
Several = Literal["two", "three", "four", "five"]
_COUNTS: dict[Several, int] = {"two": 2, "three": 3, "four": 4, "five": 5}
Weight = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ToolSets(Licensed):
    """Bears rows without end: tools on offer, and which of them a request is to need.

    A row is of one kind: `single` needs one call, `parallel` two or more (of different tools, or of one tool several
    times), `none` needs a tool that is not on offer, so that nothing is called. Columns: `tools` (schemas, in the form
    that chat templates take), `call_kind`, `wanted_tools` (names, one for each call), `tools_shown` and `about_tools`
    (the tools on offer, and those that the request is about, as lines of JSON for a prompt).
    """

    path: str = Field(min_length=1)
    """A folder of JSON files with tools, or one such file; relative to the working directory."""
    kinds: dict[Kind, Weight] = Field(default={"single": 0.45, "parallel": 0.4, "none": 0.15}, min_length=1)
    """The share of each kind: its weight over the sum of all."""
    offered: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(le=64)]] = (1, 6)
    """How many tools are on offer, at least and at most; every number in between is as likely."""
    calls: dict[Several, Weight] = Field(default={"two": 0.7, "three": 0.3}, min_length=1)
    """How many calls a `parallel` row needs, by weight; Synth-APIGen draws two more than twice as often as three."""
    same_tool: float = Field(default=0.3, ge=0, le=1)
    """The share of `parallel` rows that need one tool several times."""
    seed: int = 0
    """Another seed draws other sets."""

    def check(self) -> Iterator[str]:
        yield from self._library.problems
        least, most = self.offered
        known, needed = len(self._library.tools), most + ("none" in self.kinds)
        if least > most:
            yield f"`offered: [{least}, {most}]` names the larger number first"
        elif 0 < known < needed:
            more = ", one more than `offered`, for rows that need a tool which is not there" if needed > most else ""
            yield f"{self.path} holds {known} tools, and {needed} are needed{more}"

    def writes(self) -> frozenset[str]:
        return frozenset({"tools", "call_kind", "wanted_tools", "tools_shown", "about_tools"})

    def json_columns(self) -> frozenset[str]:
        """Columns it writes that hold any JSON value, another in every row."""
        return frozenset({"tools"})

    def shares(self) -> tuple[str, Mapping[str, float]] | None:
        return "call_kind", self._shares()

    def size(self) -> None:
        return None

    def fingerprint(self) -> str:
        """What the YAML says but for `path`, and name, size and hash of every file with schemas."""
        fields = self.model_dump(mode="json", exclude={"path", "licence"})
        return json.dumps([fields, local_files.digests(local_files.files(self.path, ".json"))], sort_keys=True)

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        """Kinds by an additive recurrence: any stretch of rows holds them close to their shares."""
        shares, schemas = self._shares(), {name: tool.schema for name, tool in sorted(self._library.tools.items())}
        names, edges = list(shares), [int(edge * 2**64) for edge in accumulate(shares.values())]
        for index in count(start):
            point = (2**63 + index * _GOLDEN) % 2**64
            place = next((i for i, edge in enumerate(edges) if point < edge), len(names) - 1)
            yield self._row(names[place], schemas, _draws(self.seed, index))

    def _row(self, kind: str, schemas: Mapping[str, Schema], draw: random.Random) -> Row:
        least, most = self.offered
        several = draw.choices([_COUNTS[said] for said in self.calls], list(self.calls.values()))[0]
        calls = several if kind == "parallel" else 1
        different = 1 if kind == "parallel" and draw.random() < self.same_tool else calls
        different = min(different, most)
        on_offer = max(draw.randint(least, most), different)
        missing = 1 if kind == "none" else 0
        drawn = draw.sample(list(schemas), on_offer + missing)
        about, offered = drawn[:different], drawn[missing:]
        draw.shuffle(offered)
        wanted = [] if kind == "none" else [about[i % different] for i in range(calls)]
        return {
            "tools": [schemas[name] for name in offered],
            "call_kind": kind,
            "wanted_tools": sorted(wanted),
            "tools_shown": _lines(schemas[name] for name in offered),
            "about_tools": _lines(schemas[name] for name in sorted(about)),
        }

    def _shares(self) -> dict[str, float]:
        """Shares that sum to 1, by name, so that the order in the YAML does not matter."""
        weights = {str(name): self.kinds[name] for name in sorted(self.kinds)}
        return {name: weight / sum(weights.values()) for name, weight in weights.items()}

    @property
    def _library(self) -> Library:
        return read_library(self.path)


def _lines(schemas: Iterator[Schema]) -> str:
    """A line of JSON for each tool."""
    return "\n".join(orjson.dumps(schema["function"]).decode() for schema in schemas)


def _draws(seed: int, index: int) -> random.Random:
    """The same draws for the same row in every process."""
    return random.Random(hashlib.blake2b(f"{seed}/{index}".encode(), digest_size=8).digest())
