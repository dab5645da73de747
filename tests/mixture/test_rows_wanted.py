"""How many rows each source of a mixture is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from smoltalk.mixture.source import Mix, MixSource, wanted


def mix(rows: int | None, **sources: dict[str, float]) -> Mix:
    given = {name: MixSource.model_validate({"hub": "org/x", **fields}) for name, fields in sources.items()}
    return Mix(rows=rows, sources=given)


def test_counts_are_taken_as_they_are_and_the_rest_is_all() -> None:
    assert wanted(mix(None, a={"count": 7}, b={}, c={"count": 1})) == {"a": 7, "b": None, "c": 1}


def test_what_is_left_over_goes_to_the_largest_remainders() -> None:
    assert wanted(mix(10, a={"share": 0.25}, b={"share": 0.25}, c={"share": 0.5})) == {"a": 3, "b": 2, "c": 5}
    assert wanted(mix(7, a={"share": 0.2}, b={"share": 0.3}, c={"share": 0.5})) == {"a": 1, "b": 2, "c": 4}


def test_shares_that_were_rounded_still_make_the_whole() -> None:
    assert sum(wanted(mix(900_000, a={"share": 0.3923}, b={"share": 0.6076})).values()) == 900_000  # type: ignore[arg-type]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=12), st.integers(1, 10**7))
def test_shares_give_all_rows_and_none_is_off_by_a_whole_one(parts: list[int], rows: int) -> None:
    shares = [part / sum(parts) for part in parts]
    found = wanted(mix(rows, **{f"s{i}": {"share": share} for i, share in enumerate(shares)}))
    assert sum(n or 0 for n in found.values()) == rows
    assert all(abs((n or 0) - share * rows) < 1 + 1e-6 for n, share in zip(found.values(), shares, strict=True))
