"""How much of one unit stands in one row: the exact score, for the few units that may have one."""

from typing import Any

import numpy as np

from smoltalk.benchmarks.grams import N
from smoltalk.benchmarks.written import REACH, SLACK, Found, Row, Seen, Units, write
from smoltalk.words.compiled import compiled, inlined

_FREE = np.uint64(1 << 33)
_ONE, _SIX, _LOW_SIX = np.uint64(1), np.uint64(6), np.uint64(63)
_SPARSE = 32
"""Bits for each n-gram of a row, one of which is set."""
_ROUNDING = 1e-6


@compiled
def share(
    unit: int, words: int, number: int, begin: int, hits: int, units: Units, row: Row, seen: Seen, found: Found
) -> int:
    """Enter the unit's best score within any stretch of the row three times as long (and some), if it is a hit."""
    length, size, base = int(units.length[unit]), int(units.size[unit]), int(units.first[unit])
    hit_at, hit_place, exact, cover = row.hit_at, row.hit_place, row.exact, seen.cover
    weights, numbers, reach, state = units.weights, units.numbers, REACH * length + SLACK, seen.states[unit]
    known = _places(unit, max(0, state.first - reach), min(words, state.at + reach + 1), units, row, seen)
    if N * known < units.bar[unit] * size - _ROUNDING:
        return hits
    cover[:length] = 0
    plain, weighted, left = 0, 0.0, 0
    best, best_plain, best_left, best_right = 0.0, 0, 0, 0
    for index in range(known):
        while hit_at[index] - hit_at[left] > reach:
            for step in range(N):
                word = hit_place[left] + step
                if _same(numbers[base + word], exact[hit_at[left] + step]):
                    cover[word] -= 1
                    if cover[word] == 0 and weights[base + word] > 0:
                        plain, weighted = plain - 1, weighted - weights[base + word]
            left += 1
        for step in range(N):
            word = hit_place[index] + step
            if _same(numbers[base + word], exact[hit_at[index] + step]):
                cover[word] += 1
                if cover[word] == 1 and weights[base + word] > 0:
                    plain, weighted = plain + 1, weighted + weights[base + word]
        score = 1.0 if plain == size else min(plain / size, weighted / units.total[unit])
        if score > best + _ROUNDING:
            best, best_plain, best_left, best_right = score, plain, left, index
    if best < units.bar[unit] - _ROUNDING:
        return hits
    same = _numbers_same(length, numbers[base : base + length], best_left, best_right, row, cover)
    first, last = row.begins[hit_at[best_left]], row.ends[hit_at[best_right] + N - 1]
    return write(number, unit, best, best_plain / size, same, first, last, begin, hits, found)


@compiled
def hint(words: int, lows: Any, bits: Any) -> int:
    """Set a bit for each n-gram of the row, in as many of `bits` as it takes; returns how many those are, less 1."""
    room = 1024
    while room < _SPARSE * words and room < 64 * len(bits):
        room *= 2
    bits[: room // 64] = 0
    for word in range(words):
        low = lows[word] & np.uint64(room - 1)
        bits[low >> _SIX] |= _ONE << (low & _LOW_SIX)
    return room - 1


@compiled
def hopeless(
    unit: int, bits: Any, last: int, starts: Any, grams: Any, ats: Any, first: Any, weights: Any, goal: float
) -> bool:
    """Whether all n-grams of the unit that the row may hold, wherever they are, weigh less than `goal`."""
    mask, base, weight, end = np.uint64(last), first[unit], 0.0, 0
    for number in range(starts[unit], starts[unit + 1]):
        low = np.uint64(grams[number]) & mask
        if bits[low >> _SIX] >> (low & _LOW_SIX) & _ONE:
            at = ats[number]
            for word in range(max(at, end), at + N):
                weight += weights[base + word]
            end = at + N
    return weight < goal - _ROUNDING


@inlined
def _same(of_unit: Any, of_row: Any) -> Any:
    """A word counts unless it is a number with other digits."""
    return of_unit == 0 or of_unit == of_row


@compiled
def _places(unit: int, first: int, last: int, units: Units, row: Row, seen: Seen) -> int:
    """Note where a unit's n-grams stand between two words of the row, in the row's order; returns how many."""
    lows, cells, places, hit_at, hit_place = row.lows, seen.cells, seen.places, row.hit_at, row.hit_place
    begin, end = units.starts[unit], units.starts[unit + 1]
    room = 16
    while room < 2 * (end - begin):
        room *= 2
    mask = np.uint64(room - 1)
    cells[:room] = _FREE
    for number in range(begin, end):
        low = np.uint64(units.grams[number])
        at = low & mask
        while cells[at] != _FREE:
            at = (at + np.uint64(1)) & mask
        cells[at], places[at] = low, units.ats[number]
    known = 0
    for word in range(first, last):
        at = lows[word] & mask
        while cells[at] != _FREE:
            if cells[at] == lows[word] and known < len(hit_at):
                hit_at[known], hit_place[known] = word, places[at]
                known += 1
            at = (at + np.uint64(1)) & mask
    return known


@compiled
def _numbers_same(length: int, numbers: Any, left: int, right: int, row: Row, cover: Any) -> float:
    """The share of the unit's numbers whose digits stand in a stretch of the row; 1 where it has none."""
    cover[:length] = 0
    for index in range(left, right + 1):
        for step in range(N):
            word = row.hit_place[index] + step
            if numbers[word] and numbers[word] == row.exact[row.hit_at[index] + step]:
                cover[word] = 1
    same, every = 0, 0
    for word in range(length):
        if numbers[word]:
            every += 1
            same += cover[word]
    return same / every if every else 1.0
