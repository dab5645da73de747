"""Which benchmark items stand in which rows, compiled: the only code here that sees every word of a dataset.

A word of an item counts as found when three words in a row around it stand in the dataset's row, close to the others
of the item. The score is the share of the item's words that are found: counted plainly, and counted by how rare the
words around them are in the benchmark; the lower of the two. A number counts only when its digits are the same.

Every n-gram of a row is looked up once, in a table of the rare ones alone. Only where a unit has enough of those near
each other, `share` looks for all of its n-grams around that place.
"""

from typing import Any

import numpy as np

from smoltalk.benchmarks.grams import MANY_DIGITS, N, digits, gram, run
from smoltalk.benchmarks.share import hint, hopeless, share
from smoltalk.benchmarks.table import IS_RUN, LAST, Table, find, look
from smoltalk.benchmarks.written import MOST, NO_GRAM, REACH, SLACK, WORD_FOR_WORD, Found, Row, Seen, Units, write
from smoltalk.words.compiled import compiled
from smoltalk.words.scan import BREAK, words_of

FEWEST = 5
"""Questions of fewer words are everybody's: they count only as a whole text."""
_ONE, _TWO, _LOW = np.uint64(1), np.uint64(2), np.uint64(0x7FFFFFFF)
_PART = 2_048
"""A row of more than four times as many words is looked at in parts of so many, or its length would count squared."""
_FEW, _ANY = 3, 1 << 30
"""Seeds of a row that are not worth counting unit by unit; more than any unit has."""
LONG, RUN, WHOLE, DIGITS = 0, 1, 2, 3
"""A unit of an item: scored by its n-grams; looked for word for word; equal to a whole text; a long number."""


@compiled
def scan(
    data: Any, offsets: Any, rows: Any, first_row: int, last_row: int, kinds: Any, folds: Any,
    table: Table, units: Units, lacking: Any, row: Row, seen: Seen, mark: int, found: Found,
) -> tuple[int, int]:  # fmt: skip
    """Score rows against every unit; returns how many hits were written and the first row that had no room for its.

    A row has at most `MOST` hits, its best. `mark` is a number from which on none was used with this `seen`. `lacking`
    is how many seeds of each unit a row must hold at least: counted down and up again while a row is looked at.
    """
    hits = 0
    for number in range(first_row, last_row):
        if hits + MOST > len(found.pairs):
            return hits, number
        begin, words, maybe = hits, 0, 0
        for text in range(rows[number], rows[number + 1]):
            before = words
            words = words_of(
                data, offsets[text], offsets[text + 1], kinds, folds, row.hashes, row.exact, row.begins, row.ends, words
            )
            if 0 < words - before < FEWEST:
                hits = _whole(before, words, number, begin, hits, mark, units, row, seen, found)
            if len(units.digits) and _numbers(before, words, row):
                for word in range(before, words):
                    if row.exact[word] and row.ends[word] - row.begins[word] >= MANY_DIGITS:
                        hits = _digits(data, word, number, begin, hits, mark, units, row, seen, found)
            maybe = _sift(before, words, maybe, table.sieve, row)
            row.hashes[words], row.exact[words] = BREAK, 0
            words += 1
        done, until = 0, words if words <= 4 * _PART else _PART
        while done < maybe:
            end = maybe if until >= words else done + int(np.searchsorted(row.maybe[done:maybe], until))
            hits, candidates = _look_up(
                words, done, end, number, begin, hits, mark, table, units, lacking, row, seen, found
            )
            if candidates:
                hits = _score(candidates, until, words, number, begin, hits, units, row, seen, found)
            done, until = end, until + _PART
        mark += 1
    return hits, last_row


@compiled
def _score(
    candidates: int, until: int, words: int, number: int, begin: int, hits: int, units: Units, row: Row, seen: Seen,
    found: Found,
) -> int:  # fmt: skip
    """Enter the candidates of the part of a row that ends at a word, if they are hits.

    Each is looked for around all of its seeds so far, as far as a copy with any of them can reach; so it may start
    anew at the next one.
    """
    low, high = 0 if words <= 4 * _PART else max(0, until - 2 * _PART), min(words, until + _PART)
    last = hint(low, high, row.lows, seen.bits)
    for index in range(candidates):
        unit = seen.candidates[index]
        state, reach = seen.states[unit], REACH * units.length[unit] + SLACK
        goal = units.bar[unit] * units.total[unit]
        first, end = max(0, state.first - reach), min(words, state.at + reach + 1)
        state.mark = -1
        if (
            first < low
            or end > high
            or not hopeless(
                unit, seen.bits, last, units.starts, units.grams, units.ats, units.first, units.weights, goal
            )
        ):
            hits = share(unit, first, end, words, number, begin, hits, units, row, seen, found)
    return hits


@compiled
def _sift(first: int, last: int, maybe: int, sieve: Any, row: Row) -> int:
    """Hash a text's n-grams and append the places of those that the filter lets through, without a branch."""
    hashes, lows, places, mask = row.hashes, row.lows, row.maybe, np.uint64(len(sieve) - 1)
    begin, end = np.uint64(first), np.uint64(max(first, last - N + 1))  # unsigned: signed ones may count from the end
    for at in range(begin, end):
        lows[at] = gram(hashes[at], hashes[at + _ONE], hashes[at + _TWO])
    for at in range(end, np.uint64(last + 1)):
        lows[at] = NO_GRAM
    kept = np.uint64(maybe)
    for at in range(begin, end):
        word, wanted = look(lows[at])
        places[kept] = at
        kept += np.uint64(sieve[word & mask] & wanted == wanted)
    return np.int64(kept)  # type: ignore[return-value]


@compiled
def _whole(
    before: int, words: int, number: int, begin: int, hits: int, mark: int, units: Units, row: Row, seen: Seen,
    found: Found,
) -> int:  # fmt: skip
    """Units that are this whole text."""
    value = run(row.hashes, row.exact, before, words)
    at = np.searchsorted(units.wholes, value)
    while at < len(units.wholes) and units.wholes[at] == value:
        unit = units.whole_units[at]
        if seen.states[unit].mark != mark:
            seen.states[unit].mark = mark
            hits = write(number, unit, WORD_FOR_WORD, row.begins[before], row.ends[words - 1], begin, hits, found)
        at += 1
    return hits


@compiled
def _numbers(first: int, last: int, row: Row) -> bool:
    """Whether any of these words is a number that may be long, without a branch: most texts have none."""
    exact, begins, ends, many = row.exact, row.begins, row.ends, 0
    for word in range(np.uint64(first), np.uint64(last)):
        many += (exact[word] != 0) & (ends[word] - begins[word] >= MANY_DIGITS)
    return many > 0


@compiled
def _digits(
    data: Any, word: int, number: int, begin: int, hits: int, mark: int, units: Units, row: Row, seen: Seen,
    found: Found,
) -> int:  # fmt: skip
    """Units that are this long number."""
    value = digits(data, row.begins[word], row.ends[word])
    at = np.searchsorted(units.digits, value)
    while at < len(units.digits) and units.digits[at] == value:
        unit = units.digit_units[at]
        if seen.states[unit].mark != mark:
            seen.states[unit].mark = mark
            hits = write(number, unit, WORD_FOR_WORD, row.begins[word], row.ends[word], begin, hits, found)
        at += 1
    return hits


@compiled
def _look_up(
    words: int, done: int, end: int, number: int, begin: int, hits: int, mark: int, table: Table, units: Units,
    lacking: Any, row: Row, seen: Seen, found: Found,
) -> tuple[int, int]:  # fmt: skip
    """Enter the runs of a part of the row; returns the hits and how many long units are worth a `share`."""
    posts, states, lengths = table.posts, seen.states, units.length
    ends = _find(done, end, table.cells, table.posts, row)
    whole = words <= 4 * _PART  # what a part lacks may be in the one before
    counted = whole and ends - done > _FEW
    most = 0 if counted else ends - done if whole else _ANY
    if counted:
        _tell(ends - done, -1, posts, row.hit_at, lacking)
    candidates = 0
    for index in range(done, ends):
        at, place = row.maybe[index], row.hit_at[index - done]
        while True:
            post = posts[place]
            if lacking[post.unit] <= most:
                state = states[post.unit]
                if post.says & IS_RUN:
                    if state.mark != mark:
                        hits = _run(post.unit, at - post.at, words, number, begin, hits, mark, units, row, seen, found)
                elif _weigh(post, state, at, mark, lengths):
                    seen.candidates[candidates] = post.unit
                    candidates += 1
            if post.says & LAST:
                break
            place += 1
    if counted:
        _tell(ends - done, 1, posts, row.hit_at, lacking)
    return hits, candidates


@compiled
def _find(done: int, end: int, cells: Any, posts: Any, row: Row) -> int:
    """Keep the places whose n-grams are in the table, with their first postings; returns where they end."""
    kept, mask = done, np.uint64(len(cells) - 1)
    for index in range(done, end):  # what is far away is asked for, all at once, before any of it is waited for
        row.hit_place[index - done] = np.int32(cells[row.lows[row.maybe[index]] & mask] & _LOW)
    for index in range(done, end):
        at = row.maybe[index]
        place = find(cells, row.lows[at])
        row.maybe[kept], row.hit_at[kept - done] = at, place
        kept += place >= 0
    for index in range(kept - done):
        row.hit_place[index] = posts[row.hit_at[index]].unit
    return kept


@compiled
def _tell(count: int, more: int, posts: Any, firsts: Any, lacking: Any) -> None:
    """Add to what each unit lacks, for every posting of some n-grams."""
    for index in range(count):
        place = firsts[index]
        lacking[posts[place].unit] += more
        while not posts[place].says & LAST:
            place += 1
            lacking[posts[place].unit] += more


@compiled
def _run(
    unit: int, first: int, words: int, number: int, begin: int, hits: int, mark: int, units: Units, row: Row,
    seen: Seen, found: Found,
) -> int:  # fmt: skip
    """Enter a unit that is to stand at this place of the row word for word, if it does."""
    last = first + units.length[unit]
    if first < 0 or last > words or run(row.hashes, row.exact, first, last) != units.run[unit]:
        return hits
    seen.states[unit].mark = mark
    return write(number, unit, WORD_FOR_WORD, row.begins[first], row.ends[last - 1], begin, hits, found)


@compiled
def _weigh(post: Any, state: Any, at: int, mark: int, lengths: Any) -> bool:
    """Add the words of one n-gram to what the row shows of its unit; whether that makes it a candidate now."""
    if state.mark != mark:
        state.mark, state.sum, state.last, state.first = mark, 0, -N, at
    elif at - state.at > SLACK and state.sum < state.need and at - state.at > SLACK + REACH * lengths[post.unit]:
        state.sum, state.last, state.first = 0, -N, at  # too far from the last one to be of one copy
    lacking = state.sum < state.need
    ahead = np.int64(post.at) - state.last
    if ahead:
        more = post.three
        if ahead != 1:
            more += post.two
            if ahead != 2:
                more += post.one
        state.sum += more
    state.last, state.at = post.at, at
    return bool(lacking and state.sum >= state.need)
