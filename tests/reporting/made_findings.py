"""Findings made by hand: every section of the page filled, hostile text wherever rows or models have a say."""

import math

from smoltalk.reporting.figures import Count, Degenerate, Histogram, Labels, Lengths, Numbers
from smoltalk.reporting.findings import (
    Findings,
    FunnelStage,
    Origin,
    Reason,
    Remark,
)
from smoltalk.reporting.machinery import EngineFacts, Moment, StepTime
from smoltalk.reporting.suspicions import Cluster, Contamination, Duplicates, Phrase, Phrases
from smoltalk.reporting.variety import Distinct, Diversity, Languages, Opening, Pairs
from tests.reporting.made_overview import overview
from tests.reporting.made_people import people
from tests.reporting.made_samples import HOSTILE, samples, turned_away


def whole() -> Findings:
    """Every section filled."""
    edges = [10 * 1.4**i for i in range(21)]
    hump = [int(80 * math.exp(-((i - 9) ** 2) / 12)) for i in range(20)]
    line = [i / 10 for i in range(21)]
    lengths = Histogram(edges, hump)
    scores = Histogram(line, hump, "linear")
    phrase = "delve <into>"
    return Findings(
        overview=overview(),
        remarks=[
            Remark("note", "languages", "3 rows are not English."),
            Remark("alarm", "duplicates", "12 accepted rows are equal to another one. <script>"),
            Remark("warning", "pairs", "The chosen answer is nearly always longer."),
        ],
        funnel=[
            FunnelStage("answer", "failed", 100, 5, [Reason("empty", 3), Reason("truncated", 2)]),
            FunnelStage("one_of_quality", "rejected", 95, 20, [Reason("quality_not_wanted", 20)]),
            FunnelStage("near_duplicate", "rejected", 75, 15, [Reason("<i>too alike</i>", 15)]),
            FunnelStage("decontaminate", "rejected", 60, 0, []),
        ],
        splits=[Count("train", 54), Count("test", 6)],
        origins=[
            Origin("web", 70, 40, 26, 4, words=120.0, turns=2.0),
            Origin("books <b>", 30, 20, 9, 1, words=300.5, turns=4.0),
        ],
        lengths=[
            Lengths("assistant", "tokens", 60, 6000, 100.0, 90.0, 20.0, 400.0, 900, lengths),
            Lengths("assistant", "characters", 60, 24_000, 400.0, 360.0, 80.0, 1600.0, 3600, lengths),
            Lengths(
                "turns", "turns", 60, 120, 2.0, 2.0, 2.0, 4.0, 6, Histogram([0, 1, 2, 3, 4], [0, 1, 50, 9], "linear")
            ),
        ],
        length_note="Tokens were counted with the shipped model's tokenizer.",
        labels=[
            Labels(
                "category",
                True,
                [Count("math", 30), Count(HOSTILE[0], 20)],
                [Count("math", 5), Count("'];x", 3)],
                2,
                1,
                3,
                0.6,
                0.8,
            ),
            Labels(
                "quality", True, [Count("good", 59), Count("", 1)], [], 0, 0, 2, 0.98, 0.1, ordered=True, rated=True
            ),
        ],
        numbers=[
            Numbers(
                "reward",
                95,
                5,
                1.0,
                0.4,
                -1.0,
                0.9,
                2.0,
                scores,
                Histogram(line, hump[::-1], "linear"),
                0.61,
                [("math", 30, 1.2), ("<b>chat", 20, 0.3)],
                "category",
            ),
            Numbers(
                "odd", 3, 0, math.nan, 0.0, 0.0, math.inf, 0.0, Histogram([0, 1], [3]), Histogram([0, 1], [0]), None
            ),
        ],
        columns_note="Counted on all rows.",
        degenerate=[Degenerate("quality", "one_value", "good", 0.98, 60, "98 % of the rows are `good`.")],
        duplicates=Duplicates(
            [Cluster("near_duplicate", "near", "aa", HOSTILE[1], 4, [("bb", 0.91, HOSTILE[0])])],
            [Count("near_duplicate", 15)],
            [Count("2", 3), Count("3-5", 1)],
            60,
            1,
            2,
            3,
            0.7,
            [(0.88, "cc", "one text", "dd", HOSTILE[4])],
        ),
        contamination=[
            Contamination(
                "gsm8k",
                "decontaminate",
                1,
                2,
                [Count("exact", 1), Count("numbers_changed", 1)],
                HOSTILE[2],
                "ee",
                "test/12",
                0.8,
            ),
            Contamination("ifeval", "decontaminate", 0, 0, [], "", "", "", 0.0),
        ],
        contamination_note="Checked by the gate decontaminate, by coverage of words.",
        phrases=Phrases(
            [
                Phrase(phrase, "vocabulary", "per 1,000 words", 3.2, 0.4, 8.0, 20, "let us delve <into> it", "ff"),
                Phrase("as an AI", "refusal", "per 1,000 rows", 0.5, 1.0, 0.5, 1, "", ""),
                Phrase("tapestry", "vocabulary", "per 1,000 words", 0.1, None, None, 1, "a tapestry", "gg"),
            ],
            60,
            6000,
            "The reference is 1,000 answers written by people.",
            1.9,
        ),
        diversity=Diversity(
            [Distinct("user", 1000, 0.3, 0.7, 0.9), Distinct("assistant", 1000, 0.2, 0.6, 0.8)],
            [Opening("what is the", "user", 12, 0.2), Opening("<b>sure here is", "assistant", 30, 0.5)],
            [Count("user", 20), Count("assistant", 40)],
            60,
            scores,
            60,
            0.55,
            0.1,
        ),
        languages=Languages([Count("English", 57), Count("not told", 3)], 60),
        engines=[
            EngineFacts(
                "teacher <1>",
                "nano on the CPU",
                200,
                100_000,
                40_000,
                1.25,
                0.4,
                3.0,
                500.0,
                200.0,
                50.0,
                0.8,
                61.5,
                [Count("ok", 190), Count("truncated", 10)],
                [Count("answer", 200)],
                "It waited for rows.",
            ),
            EngineFacts("off", "never started", 0, 0, 0, 0.0, None, 0.0, 0.0, 0.0, 0.0, None, None, [], [], ""),
        ],
        steps=[StepTime("answer", "teacher <1>", 200, 100_000, 40_000, 1.2, 3.4)],
        moments=[
            Moment(i * 5.0, "teacher <1>", i * 900, i * 400, i % 16, 0.6, 0.3, 0.1, "engine", 60 + i % 20)
            for i in range(150)
        ],
        pairs=Pairs(
            60,
            0.72,
            120.5,
            Histogram([-100.0, 0.0, 100.0, 200.0], [10, 30, 20], "linear"),
            Histogram([0.0, 1.0, 2.0], [30, 30], "linear"),
            0.9,
            0.4,
            1,
            [("teacher", "<b>other", 40)],
        ),
        samples=samples(),
        turned_away=turned_away(),
        people=people(),
    )
