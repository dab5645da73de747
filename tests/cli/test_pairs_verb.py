"""`smoltalk pairs` as a user sees it."""

from pathlib import Path

from tests.cli.conftest import Smoltalk
from tests.run.published_runs import HERE, accepted, closed, ended, loaded, turns

PIPELINE = f"""
name: gated
steps:
  - {HERE}.Columns: {{columns: [messages, verified]}}
gates:
  - one_of: {{column: verified, values: [pass]}}
"""


def folder(place: Path, state: str = "complete") -> str:
    lines = [
        ended("r1", "rejected", "one_of_verified", "verified_not_wanted", {}, messages=turns("How many?", "Six.")),
        ended("r2", "rejected", "one_of_verified", "verified_not_wanted", {}, messages=turns("Who?", "Me.")),
        accepted("a1", "How many?", "Five."),
    ]
    run = closed(place / "run", lines, state)
    run.pipeline.write_text(loaded(place, text=PIPELINE).text)
    return str(run.path)


def test_pairs_says_how_many_and_why_others_are_none(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run = folder(tmp_path)
    said = smoltalk("pairs", run, "--out", str(tmp_path / "out"))
    assert said.code == 0 and said.err == ""
    assert said.out == (
        "1 candidate pair\n"
        "  1  one_of_verified: verified_not_wanted\n"
        "\n"
        "no pair of\n"
        "  1  one_of_verified  no accepted row answers the same prompt\n"
        "\n"
        "compared with no benchmark: the run has no `decontaminate` gate\n"
        f"  {tmp_path / 'out' / 'data'}       pairs, as DPO trainers take them\n"
        f"  {tmp_path / 'out' / 'README.md'}  the card\n"
    )


def test_open_books_are_a_sentence_and_a_way_on(tmp_path: Path, smoltalk: Smoltalk) -> None:
    run = folder(tmp_path, state="interrupted")
    said = smoltalk("pairs", run)
    assert said.code == 2 and said.out == ""
    assert said.err == (f"{run}  its books are open: rows may still be accepted\n    smoltalk run {run} closes them\n")


def test_what_is_no_run_is_a_sentence(tmp_path: Path, smoltalk: Smoltalk) -> None:
    said = smoltalk("pairs", str(tmp_path))
    assert said.code == 2 and "is no run" in said.err
