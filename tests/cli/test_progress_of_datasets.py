"""How much text, how fast: units that a person reads, and no speed that means nothing."""

import pytest

from smoltalk.cli.progress import amount, row_speed, text_speed


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (6_912, "6.9 KB"), (12_400_000, "12.4 MB"), (2.1e9, "2.1 GB")],
)
def test_bytes_as_a_person_says_them(size: int, said: str) -> None:
    assert amount(size) == said


def test_a_speed_is_told_of_enough_data_only() -> None:
    assert text_speed(200_000_000, 2.0) == ", 100 MB/s"
    assert text_speed(6_912, 0.2) == text_speed(200_000_000, 0.0) == text_speed(6_912, 20.0) == ""
    assert row_speed(200_000, 2.0) == ", 100,000 rows/s"
    assert row_speed(45, 0.6) == row_speed(200_000, 0.0) == ""
