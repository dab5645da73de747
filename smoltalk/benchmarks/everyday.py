"""What ordinary conversations have in common: n-grams seen in several of them, which tell little about a benchmark.

`decontam/wording/everyday.yaml` lists the corpora, `smoltalk benchmarks everyday` builds `everyday.npz` from them.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from smoltalk import document
from smoltalk.benchmarks.fingerprint import DAMAGED, contents, write
from smoltalk.benchmarks.wording import wording
from smoltalk.described import Described
from smoltalk.errors import Problem, UserError
from smoltalk.text import strings
from smoltalk.words import VERSION as WORDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEEN = 3
"""Conversations that an n-gram must be in."""


class Corpus(Described):
    """One JSON lines file of conversations (`messages`) or questions (`question`), of which one half is read."""

    file: str
    origin: str
    licence: str
    half: Literal["even text", "even number"]
    """By the first byte of the MD5 of a row's first text, or by its number from 0; the other half is for measuring."""
    rows: int = Field(default=0, ge=0)
    """Rows that were read; written by the build."""
    sha256: str = ""
    """Of the file; written by the build."""


class Everyday(NamedTuple):
    """N-grams, sorted, and in how many conversations each was seen (at most 255)."""

    grams: "NDArray[np.uint32]"
    seen: "NDArray[np.uint8]"


def everyday() -> Everyday:
    """The shipped n-grams. Raises `UserError` where their file is damaged or of another version."""
    return _read(wording() / "everyday.npz")


@cache
def _read(path: Path) -> Everyday:
    again = "install smoltalk again, or: smoltalk benchmarks everyday"
    try:
        arrays, notes = contents(path)
        if json.loads(notes["manifest"])["words"] != WORDS:
            raise UserError([Problem(str(path), 0, "was built by another version of smoltalk", again)])
        return Everyday(arrays["grams"], arrays["seen"])
    except DAMAGED as error:
        raise UserError([Problem(str(path), 0, f"is damaged ({error})", again)]) from None


def corpora_in(path: Path) -> list[Corpus]:
    """The corpora that a YAML list names. Raises `UserError`."""
    read = document.parse(document.read_text(path, "list of corpora"), str(path))
    try:
        return TypeAdapter(list[Corpus]).validate_python(read.data)
    except ValidationError as error:
        raise UserError(
            [read.problem(e["loc"], f"`{e['loc'][-1:]}`: {e['msg'].lower()}") for e in error.errors()]
        ) from None


def build(corpora: Sequence[Corpus], beside: Path, path: Path) -> int:
    """Write the n-grams of these corpora's halves, files relative to `beside`; returns how many there are."""
    import numpy as np

    from smoltalk.benchmarks.grams import grams_of
    from smoltalk.words import texts_of
    from smoltalk.words.listed import words_in

    each: list[NDArray[np.uint32]] = []
    told: list[dict[str, object]] = []
    for corpus in corpora:
        file, count = beside / corpus.file, 0
        for texts in _half(file, corpus.half):
            words, count = words_in(texts_of([texts])), count + 1
            each.append(np.unique(grams_of(words.hashes, words.bounds)))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if count == 0:
            raise UserError([Problem(str(file), 0, "holds no conversations")])
        told.append(corpus.model_copy(update={"rows": count, "sha256": digest}).model_dump())
    grams, seen = np.unique(np.concatenate([*each, np.empty(0, np.uint32)]), return_counts=True)
    kept = seen >= SEEN
    manifest = json.dumps({"words": WORDS, "seen": SEEN, "corpora": told}).encode()
    write(path, {"grams": grams[kept], "seen": seen[kept].clip(max=255).astype(np.uint8)}, {"manifest": manifest})
    return int(kept.sum())


def _half(file: Path, half: str) -> Iterator[list[str]]:
    """The texts of the rows of one half."""
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            try:
                row = json.loads(line)
                texts = list(strings(row.get("messages", row.get("question"))))
            except (ValueError, AttributeError) as error:
                raise UserError([Problem(str(file), number + 1, f"this line is no conversation: {error}")]) from None
            by_text = hashlib.md5("".join(texts[:1]).encode("utf-8", "replace")).digest()[0]
            if (by_text if half == "even text" else number) % 2 == 0:
                yield texts
