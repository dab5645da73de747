"""How much of one unit stands in one row: the exact score, for the few units that may have one."""

from typing import Any

import numpy as np

from smoltalk.benchmarks.grams import N, run
from smoltalk.benchmarks.written import REACH, SLACK, WORD_FOR_WORD, Found, Row, Seen, Units, write
from smoltalk.words.compiled import compiled, inlined
from smoltalk.words.scan import DIGITS_KEPT

_FREE = np.uint64(1 << 33)
_ONE, _SIX, _LOW_SIX = np.uint64(1), np.uint64(6), np.uint64(63)
_SPARSE = 32
"""Bits for each n-gram of a row, one of which is set."""
_ROUNDING = 1e-6
_OWN, _OTHER = 1, 2
"""What digits a number of a unit is found with."""
_TRIES = 256


@compiled
def share(
    unit: int, first: int, end: int, words: int, number: int, begin: int, hits: int, units: Units, row: Row,
    seen: Seen, found: Found,
) -> int:  # fmt: skip
    """Enter the unit's best score within any stretch three times as long (and some), if it is a hit.

    Only stretches between two words of the row are looked at.
    """
    length, size, base = int(units.length[unit]), int(units.size[unit]), int(units.first[unit])
    hit_at, hit_place, exact, cover = row.hit_at, row.hit_place, row.exact, seen.cover
    weights, numbers, reach = units.weights, units.numbers, REACH * length + SLACK
    known = _places(unit, first, end, units, row, seen)
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
    if best_plain == size:
        at = _word_for_word(unit, words, known, units, row)
        if at >= 0:
            return write(number, unit, WORD_FOR_WORD, row.begins[at], row.ends[at + length - 1], begin, hits, found)
    changed = _changed(length, numbers[base : base + length], best_left, best_right, row, cover)
    begins, ends = row.begins[hit_at[best_left]], row.ends[hit_at[best_right] + N - 1]
    return write(number, unit, (best, best_plain / size, changed / size, 0.0), begins, ends, begin, hits, found)


@compiled
def hint(first: int, last: int, lows: Any, bits: Any) -> int:
    """Set a bit for each n-gram between two words, in as many bits as it takes; returns how many those are, less 1."""
    room = 1024
    while room < _SPARSE * (last - first) and room < 64 * len(bits):
        room *= 2
    bits[: room // 64] = 0
    for word in range(first, last):
        low = lows[word] & np.uint64(room - 1)
        bits[low >> _SIX] |= _ONE << (low & _LOW_SIX)
    return room - 1


@compiled
def hopeless(
    unit: int, bits: Any, last: int, starts: Any, grams: Any, ats: Any, first: Any, weights: Any, goal: float
) -> bool:
    """Whether all n-grams of the unit that the hinted words may hold, wherever they are, weigh less than `goal`."""
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
    return of_unit == 0 or of_unit == of_row >> DIGITS_KEPT


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
def _word_for_word(unit: int, words: int, known: int, units: Units, row: Row) -> int:
    """Where a unit stands in the row with the same words and digits; -1 for nowhere.

    Its first n-gram that counts is in it once, so a copy can only begin where that one says; of a row that says so
    again and again, the first places are tried.
    """
    length, leading, tries = int(units.length[unit]), units.ats[units.starts[unit]], 0
    for index in range(known):
        if row.hit_place[index] != leading:
            continue
        first = int(row.hit_at[index] - leading)
        if first < 0 or first + length > words:
            continue
        if run(row.hashes, row.exact, first, first + length) == units.run[unit]:
            return first
        tries += 1
        if tries == _TRIES:
            break
    return -1


@compiled
def _changed(length: int, numbers: Any, left: int, right: int, row: Row, cover: Any) -> int:
    """How many numbers of the unit stand in a stretch of the row among their own words, but with other digits alone.

    Where a phrase repeats in the unit, a number of the row may be another one's that is found: it is no change.
    """
    hit_at, hit_place, exact = row.hit_at, row.hit_place, row.exact
    cover[:length] = 0
    for index in range(left, right + 1):
        for step in range(N):
            word, at = hit_place[index] + step, hit_at[index] + step
            if numbers[word] == 0 or cover[word] == _OWN:
                continue
            if numbers[word] == exact[at] >> DIGITS_KEPT:
                cover[word] = _OWN
            elif not _is_own(numbers, index, at, left, right, row):
                cover[word] = _OTHER
    changed = 0
    for word in range(length):
        changed += cover[word] == _OTHER
    return changed


@compiled
def _is_own(numbers: Any, index: int, at: int, left: int, right: int, row: Row) -> bool:
    """Whether the number at a place of the row, by one of the hits around this one, is the unit's with its digits."""
    hit_at, hit_place, exact = row.hit_at, row.hit_place, row.exact
    other = index
    while other > left and hit_at[other - 1] > at - N:
        other -= 1
    while other <= right and hit_at[other] <= at:
        if hit_at[other] > at - N and numbers[hit_place[other] + at - hit_at[other]] == exact[at] >> DIGITS_KEPT:
            return True
        other += 1
    return False
