"""Forms of data that are not read, and how each becomes one that is: what is said of DATA with nothing to read."""

from collections.abc import Sequence
from pathlib import Path

from smoltalk.errors import Problem

_LOADED = """python -c 'import datasets as d; d.Dataset.from_{0}("{1}"{2}).to_parquet("{3}.parquet")'"""

OTHERS = {
    ".gz": "unpack it first: gunzip -k {1}",
    ".zst": "unpack it first: unzstd {1}",
    ".bz2": "unpack it first: bunzip2 -k {1}",
    ".xz": "unpack it first: unxz -k {1}",
    ".zip": "unpack it first: unzip {1}",
    ".json": "a row a line? then name it {3}.jsonl; one array of rows? then jq -c '.[]' {1} > {3}.jsonl",
    ".csv": _LOADED.format("csv", "{1}", "", "{3}"),
    ".tsv": _LOADED.format("csv", "{1}", ', sep="\\t"', "{3}"),
    ".arrow": _LOADED.format("file", "{1}", "", "{3}"),
    ".txt": 'plain text does not say where a row ends: make it JSON Lines, {{"text": "..."}} on a line for each row',
}
"""Endings, and what turns such a file into Parquet or JSON Lines: `{1}` is its path, `{3}` that without the ending."""


def unread(named: str, files: Sequence[Path]) -> Problem:
    """What to say of DATA of this name, in which all there is are these files of other forms."""
    if not files:
        return Problem(named, 0, "holds no JSON Lines and no Parquet", "files end in .jsonl, .ndjson or .parquet")
    first, more = files[0], f" and {len(files) - 1:,} more" if len(files) > 1 else ""
    hint = OTHERS[first.suffix].format("", first, "", first.with_suffix(""))
    if Path(named).is_file():
        return Problem(named, 0, "is neither JSON Lines (.jsonl) nor Parquet (.parquet)", hint)
    return Problem(named, 0, f"holds no JSON Lines and no Parquet, but {first.name}{more}", hint)
