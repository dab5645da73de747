"""What stock distilabel steps said of their columns, kept between checks: asking them costs the import of distilabel.

One small file a step and its fields, under the user's cache folder; another version of distilabel is asked anew.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from smoltalk.catalog import user_cache
from smoltalk.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class StockFacts:
    """What `check` needs to know of a stock step."""

    columns: tuple[frozenset[str], frozenset[str]]
    """What it reads and what it writes."""
    kinds: tuple[str, ...]
    """Names of its class and the classes it inherits from."""


def recall(path: str, fields: dict[str, Any]) -> StockFacts | None:
    """The facts of an earlier check; None when there was none, or anything about its file is odd."""
    if not path.startswith("distilabel."):
        return None
    try:
        kept = json.loads(_file(path, fields).read_text(encoding="utf-8"))
        reads, writes, kinds = kept["reads"], kept["writes"], kept["kinds"]
        if all(isinstance(name, str) for name in (*reads, *writes, *kinds)):
            return StockFacts((frozenset(reads), frozenset(writes)), tuple(kinds))
    except (OSError, ValueError, KeyError, TypeError, ModuleNotFoundError):
        pass
    return None


def remember(path: str, fields: dict[str, Any], facts: StockFacts) -> None:
    """Keep the facts for the next check; a cache that cannot be written is no mistake."""
    if not path.startswith("distilabel."):
        return
    with suppress(OSError, ValueError, TypeError, ModuleNotFoundError):
        file = _file(path, fields)
        file.parent.mkdir(parents=True, exist_ok=True)
        reads, writes = (sorted(columns) for columns in facts.columns)
        write_whole(file, json.dumps({"reads": reads, "writes": writes, "kinds": facts.kinds}))


def _file(path: str, fields: dict[str, Any]) -> Path:
    said = json.dumps([version("distilabel"), path, fields], sort_keys=True)
    return user_cache() / "stock" / f"{hashlib.blake2b(said.encode(), digest_size=16).hexdigest()}.json"
