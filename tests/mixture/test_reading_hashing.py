"""Names of rows: the same everywhere, unlike for unlike rows, evenly spread."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.mixture.hashing import hashed, hashed_rows, names
from smoltalk.mixture.roles import ASSISTANT, NAMES, ROLES, UNKNOWN, USER, code_of, codes_of, names_of

_texts = st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=30)), max_size=8)

HASHES = ["d3b4a25b1772771f", "06ab2a9c9abd853d", "55cc0a6220ee71c1", "07d70ab9c6a6c9f6"]
ROWS = ["c28aa4f963992749", "6935422b14c0f099", "a81e8e1f72e81537"]


@settings(deadline=None)
@given(_texts, st.integers(0, 3), st.booleans())
def test_a_hash_is_of_the_text_and_the_seed_alone(texts: list[str | None], skipped: int, large: bool) -> None:
    column = pa.array(texts, pa.large_string() if large else pa.string())
    whole = hashed(column, 1)
    assert hashed(column.slice(skipped), 1).tolist() == whole[skipped:].tolist()
    assert hashed(pa.chunked_array([column, column]), 1).tolist() == [*whole.tolist(), *whole.tolist()]
    by_text = dict(zip([text or "" for text in texts], whole.tolist(), strict=True))
    assert len(set(by_text.values())) == len(by_text)
    assert not set(hashed(column, 2).tolist()) & set(whole.tolist())


def test_hashes_stay_as_they_are() -> None:
    """Else every split of every mixture would change."""
    texts = pa.array(["", "a", "more than eight bytes", "é"])
    assert names(hashed(texts, 7)).to_pylist() == HASHES
    rows, codes = np.array([0, 1, 2, 4]), np.array([USER, ASSISTANT, USER, USER], np.int8)
    assert names(hashed_rows(hashed(texts, 7)[:3], rows, codes, texts)[0]).to_pylist() == ROWS


def test_hashes_are_spread_evenly() -> None:
    found = hashed(pa.array([f"row-{n}" for n in range(64_000)]))
    for shift in (0, 16, 32, 58):
        counts = np.bincount(((found >> np.uint64(shift)) & np.uint64(63)).astype(np.int64), minlength=64)
        assert abs(counts - 1000).max() < 200
    assert len(np.unique(found)) == 64_000


def test_the_bounds_of_turns_and_their_speakers_count() -> None:
    def one(codes: list[int], *texts: str) -> int:
        start, rows = np.zeros(1, np.uint64), np.array([0, len(texts)])
        return int(hashed_rows(start, rows, np.array(codes, np.int8), pa.array(texts))[0][0])

    assert len({one([1, 2], "ab", "c"), one([1, 2], "a", "bc"), one([2, 1], "ab", "c"), one([1], "abc")}) == 4


@settings(deadline=None)
@given(st.lists(st.sampled_from([*NAMES, *map(str.upper, NAMES), "alien", "", "x" * 40, None]), max_size=8))
def test_speakers_are_known_whatever_their_case(speakers: list[str | None]) -> None:
    codes = codes_of(pa.array(speakers, pa.string()))
    assert codes.tolist() == [code_of(name) for name in speakers]
    known = codes[codes != UNKNOWN]
    assert names_of(known).to_pylist() == [ROLES[code] for code in known]
