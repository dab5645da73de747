"""Which rows say what an earlier row says: the same (`exact`), nearly the same (`near`), or the same in other words.

Row order decides: the first row of a cluster stays. Only rows that stay are remembered, in arrays of a stated size.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any


def missing(data: Sequence[str]) -> Iterator[str]:
    """Paths among some DATA that are not there, a sentence each; what may be a dataset of the Hub is not looked for."""
    for one in data:
        place = Path(one)
        is_path = one.startswith((".", "/", "~")) or one.count("/") > 1 or place.suffix in (".jsonl", ".parquet")
        if is_path and "*" not in one and not place.exists():
            yield f"{one}: there is no such file or folder"


def state(data: Sequence[str]) -> dict[str, Any]:
    """What tells these DATA from what they were: names, sizes and times of files; {} for none."""
    from smoltalk.duplicates.others import opened
    from smoltalk.errors import UserError

    try:
        return {"given": opened(data).identity()} if data else {}
    except UserError:  # said where they are opened
        return {}
