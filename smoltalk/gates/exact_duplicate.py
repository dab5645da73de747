"""The gate that keeps the first of rows that say the same."""

import hashlib
from collections.abc import Sequence
from typing import Any

from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.rows import Row
from smoltalk.text import normalise, strings, written


class ExactDuplicate(Gate):
    """Rejects a row whose text equals an earlier row's but for case, white space and Unicode form (NFKC).

    As in the exact-match stage of Lee et al. 2022 (Deduplicating Training Data Makes Language Models Better), over
    rows. It remembers a 16-byte BLAKE2b digest and the id of every kept row: about 200 bytes each.
    """

    on: str
    """The column; of a conversation, the contents of all turns, turn by turn."""

    def reads(self) -> frozenset[str]:
        return frozenset({self.on})

    def open(self, sample: Sequence[Row] = ()) -> Judge:
        return _Judge(self.on)


class _Judge:
    def __init__(self, on: str) -> None:
        self._on = on
        self._seen: dict[bytes, str] = {}

    def judge(self, row: Row) -> Verdict:
        """Reject with `duplicate`, or `missing_column`; evidence: the id of the earlier row."""
        value = row.get(self._on)
        if value is None:
            return Verdict(False, "missing_column", {"column": self._on})
        key = _digest(value)
        earlier = self._seen.get(key)
        if earlier is not None:
            return Verdict(False, "duplicate", {"column": self._on, "duplicate_of": earlier})
        self._seen[key] = str(row.get("id", ""))
        return KEEP


def _digest(value: Any) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for text in list(strings(value)) or [written(value)]:
        digest.update(normalise(text).encode("utf-8", "surrogatepass") + b"\0")
    return digest.digest()
