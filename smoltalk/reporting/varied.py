"""How much the rows of a sample differ: n-grams, openings, nearest neighbours, languages."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from smoltalk.reporting.figures import Count, Histogram
from smoltalk.reporting.sampled import Row
from smoltalk.reporting.variety import Distinct, Diversity, Languages, Opening
from smoltalk.text import words
from smoltalk.words import texts_of
from smoltalk.words.listed import words_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORDS = 200_000
"""Words that n-grams are counted on: the share of different ones falls with their number, so it is fixed."""
_NEIGHBOURS, _ASKED = 2_000, 1_000
"""Rows that are compared with each other, and characters of each."""
_OPENING, _OPENINGS = 3, 15
_LANGUAGES = 2_000
_CLOSE = 0.9
_SPEAKERS: tuple[tuple[Literal["user", "assistant"], tuple[str, ...]], ...] = (
    ("user", ("user",)),
    ("assistant", ("assistant", "chosen")),
)


def diversity(sample: Sequence[Row]) -> Diversity | None:
    """How much the sample's rows differ; None without rows."""
    if not sample:
        return None
    openings, repeated = _openings(sample)
    cosines = _nearest([text for row in sample if (text := row.first("user").strip())][:_NEIGHBOURS])
    edges = np.linspace(0, 1, 41)
    counts, _ = np.histogram(np.clip(cosines, 0, 1), edges)
    return Diversity(
        distinct=[one for role, speakers in _SPEAKERS if (one := _distinct(sample, role, speakers))],
        openings=openings,
        repeated_openings=repeated,
        sample=len(sample),
        neighbours=Histogram([float(edge) for edge in edges], [int(n) for n in counts], "linear"),
        neighbour_sample=len(cosines),
        neighbour_median=float(np.median(cosines)) if len(cosines) else 0.0,
        close=float((cosines >= _CLOSE).mean()) if len(cosines) else 0.0,
    )


def _distinct(
    sample: Sequence[Row], role: Literal["user", "assistant"], speakers: tuple[str, ...]
) -> Distinct | None:  # fmt: skip
    """Distinct-n (Li et al. 2016, arXiv 1510.03055) over hashes of words; n-grams do not cross turns."""
    texts: list[str] = []
    size = 0
    for row in sample:
        for speaker, text, _ in row.turns:
            if speaker in speakers:
                texts.append(text)
                size += len(text)
        if size > 12 * _WORDS:
            break
    found = words_in(texts_of([texts]))
    bounds = found.bounds[found.bounds <= _WORDS]
    hashes = np.where(found.exact > 0, found.exact, found.hashes)[: bounds[-1]]
    if not len(hashes):
        return None
    ends = np.zeros(len(hashes) + 1, bool)
    ends[bounds] = True
    shares = [_share(hashes, ends, n) for n in (1, 2, 3)]
    return Distinct(role, len(hashes), *shares)


def _share(hashes: "NDArray[np.uint64]", ends: "NDArray[np.bool_]", n: int) -> float:
    if len(hashes) < n:
        return 0.0
    grams = hashes[: len(hashes) - n + 1].copy()
    within = np.ones(len(grams), bool)
    for step in range(1, n):
        grams = grams * np.uint64(0xD1342543DE82EF95) + hashes[step : step + len(grams)]
        within &= ~ends[step : step + len(grams)]
    grams = grams[within]
    return len(np.unique(grams)) / len(grams) if len(grams) else 0.0


def _openings(sample: Sequence[Row]) -> tuple[list[Opening], list[Count]]:
    openings, repeated = [], []
    for role, speakers in _SPEAKERS:
        firsts = [_first_words(row.first(*speakers)) for row in sample]
        counts = Counter(first for first in firsts if first)
        rows = max(counts.total(), 1)
        listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_OPENINGS]
        openings += [Opening(text, role, n, n / rows) for text, n in listed if n > 1]
        repeated.append(Count(role, sum(n for n in counts.values() if n > 1)))
    return openings, repeated


def _first_words(text: str) -> str:
    return " ".join(words(text[:120])[:_OPENING])


def _nearest(texts: Sequence[str]) -> "NDArray[np.float64]":
    """The cosine of each text to the nearest other one."""
    if len(texts) < 2:
        return np.zeros(0)
    vectors = asyncio.run(_vectors([text[:_ASKED] for text in texts]))
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -1)
    nearest: NDArray[np.float64] = alike.max(axis=1).astype(np.float64)
    return nearest


async def _vectors(texts: Sequence[str]) -> "NDArray[np.float32]":
    """Unit vectors of hashed words: they know spelling and not meaning."""
    from smoltalk.engines.embedding import Embedding
    from smoltalk.vectors import vector_of

    engine = Embedding()
    await engine.start(Path())
    try:
        replies = await asyncio.gather(*(engine.embed(text) for text in texts))
    finally:
        await engine.stop()
    return np.array([vector_of(reply.text) for reply in replies], np.float32)


def languages(sample: Sequence[Row]) -> Languages | None:
    """Languages of the first 2,000 rows of the sample; None without rows."""
    from smoltalk.constraints.language_id import LANGUAGES, identify

    texts = [row.said("assistant", "chosen") or row.said("user") for row in sample[:_LANGUAGES]]
    if not texts:
        return None
    counts = Counter(LANGUAGES.get(identify(text), "not told") for text in texts)
    listed = sorted(counts.items(), key=lambda item: (item[0] == "not told", -item[1], item[0]))
    return Languages([Count(name, n) for name, n in listed], len(texts))
