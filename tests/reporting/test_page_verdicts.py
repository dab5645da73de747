"""The verdicts at the top of the page: what is called good, what is a reason to look, and what nothing is said of."""

import dataclasses

from smoltalk.reporting.findings import Findings, Remark
from smoltalk.reporting.page import page
from smoltalk.reporting.page_verdicts import verdicts
from tests.reporting.made_findings import whole
from tests.reporting.made_overview import empty, overview


def levels(found: Findings) -> dict[str, str]:
    return {one.section if one.section != "funnel" else one.question: one.level for one in verdicts(found)}


def test_verdicts_of_a_good_run() -> None:
    good = dataclasses.replace(
        whole(), remarks=[], degenerate=[],
        duplicates=dataclasses.replace(whole().duplicates, left_exact=0, left_near=0),  # type: ignore[type-var]
        phrases=dataclasses.replace(whole().phrases, index=1.1, phrases=[]),  # type: ignore[type-var]
    )  # fmt: skip
    assert set(levels(good).values()) == {"pass"}


def test_verdicts_of_a_bad_run() -> None:
    bad = dataclasses.replace(
        whole(), remarks=[], contamination=[],
        overview=dataclasses.replace(overview(), born=101, target=80, state="stopped", why="max_tokens"),
    )  # fmt: skip
    assert levels(bad) == {
        "The books balance": "fail", "The target is met": "warn", "benchmarks": "warn", "judges": "warn",
        "duplicates": "warn", "phrases": "warn",
    }  # fmt: skip
    told = {one.question: one.told for one in verdicts(bad)}
    assert told["The books balance"] == "101 born ≠ 60 accepted + 35 rejected + 5 failed"
    assert told["The target is met"] == "60 of 80 rows; the run is stopped: max_tokens"


def test_one_phrase_far_above_the_reference_is_a_reason_to_look() -> None:
    found = dataclasses.replace(whole(), phrases=dataclasses.replace(whole().phrases, index=0.9))  # type: ignore[type-var]
    told = next(one for one in verdicts(found) if one.section == "phrases")
    assert (told.level, told.told) == (
        "warn", "“delve <into>” 8×; 0.9 times as often as in the reference, taken together",
    )  # fmt: skip


def test_of_a_few_rows_nothing_is_said_of_judges() -> None:
    few = dataclasses.replace(
        whole(), remarks=[], degenerate=[], overview=dataclasses.replace(overview(), born=40, accepted=0, failed=5)
    )
    judges = next(one for one in verdicts(few) if one.section == "judges")
    assert (judges.level, judges.told) == ("none", "35 rows are too few to tell")
    assert "too few to tell" in page(few)
    assert "Every judged column tells rows apart" not in page(few)


def test_numbers_that_nobody_judged_are_no_judges() -> None:
    counted = [dataclasses.replace(one, judged=False) for one in whole().numbers]
    found = dataclasses.replace(whole(), remarks=[], degenerate=[], labels=[], numbers=counted)
    assert next(one.told for one in verdicts(found) if one.section == "judges") == "no column was judged"
    assert "No column was judged" in page(found)
    assert "the length of the answer" not in page(found)


def test_what_was_not_looked_at_is_not_called_good() -> None:
    assert levels(empty())["judges"] == levels(empty())["duplicates"] == levels(empty())["phrases"] == "none"
    assert levels(empty())["benchmarks"] == "warn"


def test_a_grave_remark_outweighs_a_verdict() -> None:
    remark = Remark("alarm", "contamination", "Half of gsm8k is in it.")
    found = dataclasses.replace(whole(), remarks=[remark, Remark("note", "phrases", "fine")])
    benchmarks = next(one for one in verdicts(found) if one.section == "benchmarks")
    assert (benchmarks.level, benchmarks.told) == ("fail", "Half of gsm8k is in it.")
