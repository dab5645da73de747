"""Text on a screen, and the speed that a run shows."""

import io
import os
import pty
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from smoltalk.cli.books import _engines, _times, ledger
from smoltalk.cli.live import Pace, line, panel
from smoltalk.cli.screen import count, plain, quoted, span, value
from smoltalk.run.ledger import Books
from smoltalk.run.progress import Progress
from smoltalk.run.turns import Turn
from tests.cli.conftest import same_as


@given(st.text(st.characters()))
def test_no_text_acts_on_the_terminal(text: str) -> None:
    shown = plain(text)
    assert all(c in "\n\t" or c.isprintable() or c.isspace() or ord(c) > 0x9F for c in shown)
    assert not set("\x1b\r\x9b\x00\u202e\u2028\u2066\x7f\x08") & set(shown)
    assert plain(shown) == shown
    shown.encode()


@given(st.text(st.characters()))
def test_every_line_of_a_model_is_behind_the_rule(text: str) -> None:
    assert all(said.startswith("    |") for said in "\n".join(quoted(text, 4)).split("\n"))


@given(st.text(st.characters()), st.text(st.characters()))
def test_columns_cannot_break_out(name: str, text: str) -> None:
    for said in value(name.replace("\n", ""), text, 2):
        assert said.startswith("  ") and "\n" not in said


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (42, "42 s"), (60, "1 min"), (192.2, "3 min 12 s"), (7500, "2 h 5 min"),
     (86400, "1 day"), (273600, "3 days 4 h")],
)  # fmt: skip
def test_spans(seconds: float, shown: str) -> None:
    assert span(seconds) == shown


def test_counts() -> None:
    assert [count(1, "row"), count(2000, "reply")] == ["1 row", "2,000 replies"]


def going(target: int | None = 300, last: int | None = None) -> Pace:
    pace = Pace(last)
    pace.see(Progress(target=target), 100.0)
    pace.see(
        Progress(150, 100, 20, 10, 20, target, 10.0, 5000, {"writer": 15, "judge": 5}),
        110.0,
    )
    return pace


def test_a_line_of_progress() -> None:
    assert line(going()) == (
        "10 s  born 150  accepted 100 of 300  rejected 20  failed 10  in flight 20  500 tokens/s  20 s left"
    )
    assert "left" not in line(going(target=None))
    assert line(going(target=None, last=260)).endswith("10 s left"), "130 judged in ten seconds"


def test_a_server_that_starts_again_is_named() -> None:
    pace = going()
    pace.see(Progress(150, 100, 20, 10, 20, 300, 11.0, 5000, {"writer": 15}, down=("writer",)), 111.0)
    assert line(pace).endswith("  writer: a server went down and is starting again, its requests wait for it")
    assert "went down" not in line(pace, over=True)
    console = Console(width=120, file=io.StringIO())
    console.print(panel("six", {"writer": 64}, pace))
    assert "writer: a server went down" in console.file.getvalue()  # type: ignore[attr-defined]


def test_engines_that_load_are_named() -> None:
    pace = Pace(None)
    pace.see(Progress(engines={"writer": 0, "judge": 0}, starting=("writer", "judge")), 1.0)
    assert line(pace) == "starting writer, judge"
    pace.see(Progress(engines={"writer": 0, "judge": 0}), 2.0)
    assert line(pace).startswith("0.0 s  born 0"), "engines that are up are not starting, whatever the rows do"


def test_engines_that_take_turns_say_whose_it_is() -> None:
    pace = going()
    teacher = Turn(1, 2, ("teacher",), 1375)
    pace.see(Progress(engines={"teacher": 0}, starting=("teacher",), turn=teacher), 111.0)
    assert line(pace) == "turn 1 of 2: starting teacher"
    pace.see(Progress(seconds=9, engines={"teacher": 7}, turn=replace(teacher, prepared=120)), 112.0)
    assert line(pace) == "9.0 s  turn 1 of 2: teacher; prepared 120 of 1,375 rows"
    console = Console(width=120, file=io.StringIO())
    console.print(panel("six", {"teacher": 64}, pace))
    assert "turn 1 of 2: teacher; prepared 120 of 1,375 rows  teacher 7/64" in console.file.getvalue()  # type: ignore[attr-defined]
    pace.see(Progress(50, 40, 9, 1, 4, 300, 11.0, turn=Turn(2, 2, ("rater",))), 113.0)
    assert line(pace).startswith("11 s  turn 2 of 2: rater  born 50  accepted 40 of 300  rejected 9")
    assert "turn" not in line(pace, over=True)


def test_the_pace_of_one_row_tells_nothing() -> None:
    pace = Pace(None)
    pace.see(Progress(target=300), 100.0)
    pace.see(Progress(9, 9, target=300), 102.0)
    assert pace.seconds_left is None
    pace.see(Progress(10, 10, target=300), 102.0)
    assert pace.seconds_left == pytest.approx(58)


def test_speed_is_of_late() -> None:
    pace = going()
    for second in range(111, 200):
        pace.see(Progress(accepted=100 + (second - 110), target=300, tokens_out=5000), float(second))
    assert pace.tokens_per_second == 0 and pace.seconds_left == pytest.approx(300 - 189)


def test_a_panel_of_progress() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=False, color_system=None)
    console.print(panel("six[red]\x1b", {"writer": 64, "judge": 8}, going()))
    assert isinstance(console.file, io.StringIO)
    same_as("panel", console.file.getvalue())


def everything(terminal: int) -> bytes:
    """What is written on it, until nobody has it open any more, which Linux tells as an error."""
    shown = b""
    with suppress(OSError):
        while part := os.read(terminal, 100_000):
            shown += part
    return shown


@pytest.mark.parametrize("terminal", ["xterm-256color", "dumb"])
def test_a_terminal_gets_a_panel_unless_it_is_dumb(
    spawn: Callable[..., "subprocess.Popen[str]"], monkeypatch: pytest.MonkeyPatch, terminal: str
) -> None:
    ours, theirs = pty.openpty()
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: popen(*a, **{**k, "stderr": theirs}))
    child = spawn("run", "six.yaml", TERM=terminal)
    os.close(theirs)
    with ThreadPoolExecutor(1) as reader:  # a terminal that nobody reads holds the program up once it is full
        screen = reader.submit(everything, ours)
        out, _ = child.communicate()
        shown = screen.result().decode()
    os.close(ours)
    assert child.returncode == 0 and "the books balance" in out
    assert ("\x1b[" in shown) == (terminal != "dumb")
    assert "accepted" in shown


def test_the_table_of_times_says_what_was_started_again() -> None:
    up = {"full": 3.0, "part": 1.0, "empty": 0.0, "starting": 2.0, "busy": 3.0, "places": 4.0}
    books = Books(times={"once": up | {"restarts": 1}, "calm": up, "often": up | {"restarts": 3}})
    assert list(_times(books))[1][:-1] == ("calm", "0", "25%", "75%", "25%", "0%", "2.0 s")
    calm, often, once = [row[-1] for row in _times(books)][1:]
    assert (calm, once) == ("", "a server went down and was started again once")
    assert often == "a server went down and was started again 3 times"


def test_the_table_of_engines_tells_cache_money_and_what_is_in_flight_where_there_are_any() -> None:
    taken = {"requests": 10, "tokens_in": 1000, "tokens_out": 50}
    plain_books = Books(state="complete", engines={"nano": taken}, times={"nano": {"in_flight": 0}})
    assert list(_engines(plain_books)) == [
        ("engine", "requests", "tokens in", "tokens out"),
        ("nano", "10", "1,000", "50"),
    ]
    books = Books(
        state="running",
        engines={"far": taken | {"cached": 250, "cost_nano": 1_230_000_000}, "near": taken, "nano": taken},
        times={"far": {"in_flight": 7}, "near": {"in_flight": 0, "cache_hit_rate": 0.5}},
    )
    assert [row[4:] for row in _engines(books)] == [
        ("cached", "cost", "in flight"),
        ("25%", "1.23", "7"),
        ("", "", ""),
        ("50%", "", "0"),
    ]


def test_a_live_run_says_whose_turn_it_is() -> None:
    said = ledger("two", Books(state="running", turn="turn 1 of 2: writer; prepared 3 of 55 rows"))
    assert "\n  turn 1 of 2: writer; prepared 3 of 55 rows\n" in said


def test_rows_that_were_not_needed_are_not_lost() -> None:
    pace = Pace(None)
    pace.see(Progress(born=39, accepted=24, rejected=8, failed=2, in_flight=5, target=24, seconds=10), 0)
    assert line(pace, over=True).startswith(
        "10 s  born 34  accepted 24 of 24  rejected 8  failed 2  5 more begun and not needed"
    )
