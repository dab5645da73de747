"""Pairs of answers: a prompt, and answers that do not repeat it."""

from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from smoltalk.mixture.hashing import hashed, hashed_rows
from smoltalk.mixture.turning import Rows
from smoltalk.mixture.turning_values import Bad, Turns
from smoltalk.words.compiled import compiled

_NOTHING_LEFT = Bad("no_turns", "holds no answer, only the prompt")
_NO_PROMPT = Bad("no_turns", "is not there, and the two answers begin with no turn that both have")


def apart(prompt: Turns | None, chosen: Turns, rejected: Turns) -> tuple[Turns, Turns, Turns]:
    """Prompt, chosen and rejected: answers that begin with the prompt lose it; where there is no prompt, what both
    answers begin with is it."""
    one, two = _hashes(chosen), _hashes(rejected)
    if prompt is None:
        shared = np.zeros(len(chosen.rows) - 1, np.int64)
        _shared(chosen.rows, one, rejected.rows, two, shared)
        prompt = _cut(chosen, chosen.rows[:-1], chosen.rows[:-1] + shared, _NO_PROMPT)
        return prompt, _after(chosen, shared), _after(rejected, shared)
    asked = _hashes(prompt)
    return prompt, _after(chosen, _begun(prompt.rows, asked, chosen.rows, one)), _after(
        rejected, _begun(prompt.rows, asked, rejected.rows, two)
    )  # fmt: skip


def _hashes(turns: Turns) -> NDArray[np.uint64]:
    """Of each turn, with the calls that it makes."""
    start = np.zeros(len(turns.rows) - 1, np.uint64)
    found = hashed_rows(start, turns.rows, turns.codes, turns.contents)[1]
    for row, calls in turns.calls.items():
        for turn, more in enumerate(orjson.loads(calls), int(turns.rows[row])):
            if more:
                found[turn] ^= hashed(pa.array([orjson.dumps(more, option=orjson.OPT_SORT_KEYS).decode()]))[0]
    return found


def _begun(prompt: Rows, asked: NDArray[np.uint64], rows: Rows, said: NDArray[np.uint64]) -> Rows:
    """Turns of each answer that are the whole prompt."""
    shared = np.zeros(len(rows) - 1, np.int64)
    _shared(prompt, asked, rows, said, shared)
    return np.where(shared == np.diff(prompt), shared, 0)


def _after(turns: Turns, skipped: Rows) -> Turns:
    return _cut(turns, turns.rows[:-1] + skipped, turns.rows[1:])


def _cut(turns: Turns, first: Rows, last: Rows, why: Bad = _NOTHING_LEFT) -> Turns:
    """Of each row the turns from `first` to `last`; a row of which nothing is left is bad."""
    lengths = last - first
    bounds = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=bounds[1:])
    empty = dict.fromkeys(np.flatnonzero(lengths == 0).tolist(), why)
    if bounds[-1] == turns.rows[-1]:
        return turns._replace(bad=empty | turns.bad)
    places = np.repeat(first - bounds[:-1], lengths) + np.arange(bounds[-1])
    calls: dict[int, str] = {}
    for row, said in turns.calls.items():
        left = orjson.loads(said)[int(first[row] - turns.rows[row]) : int(last[row] - turns.rows[row])]
        if any(left):
            calls[row] = orjson.dumps(left).decode()
    return turns._replace(
        rows=bounds, codes=turns.codes[places], contents=turns.contents.take(places), bad=empty | turns.bad, calls=calls
    )


@compiled
def _shared(rows: Any, one: Any, others: Any, two: Any, shared: Any) -> None:
    """How many turns two conversations begin with alike."""
    for row in range(len(shared)):
        most = min(rows[row + 1] - rows[row], others[row + 1] - others[row])
        count = 0
        while count < most and one[rows[row] + count] == two[others[row] + count]:
            count += 1
        shared[row] = count
