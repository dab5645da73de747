"""Findings made by hand: every section of the page filled, hostile text wherever rows or models have a say."""

import math

from smoltalk.reporting.figures import Count, Degenerate, Histogram, Labels, Lengths, Numbers
from smoltalk.reporting.findings import (
    Findings,
    FunnelStage,
    Origin,
    Overview,
    Reason,
    Remark,
    Sample,
    Turn,
)
from smoltalk.reporting.machinery import EngineFacts, Moment, StepTime
from smoltalk.reporting.people import At, Became, Beside, Cuts, Disputed, Edit, People, Person, Two
from smoltalk.reporting.suspicions import Cluster, Contamination, Duplicates, Phrase, Phrases
from smoltalk.reporting.variety import Distinct, Diversity, Languages, Opening, Pairs

HOSTILE = (
    "</script><script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 1'>",
    "<svg onload=window.ran=1><!-- --> ]]> <style>*{display:none}</style>",
    "javascript:window.ran=1 \" ' ` &lt;b&gt; &amp;",
    "control \x00\x01\x1b[31m\x7f and \u202eright to left\u202c \u2028\u2029 end",
    "{{ 7 * 7 }} {% raw %} {# gone #} ${7*7} #{7*7}",
    "<!--<script>",
    "\ud800 alone",
)
"""What a row may say; none of it may do anything."""


def overview() -> Overview:
    return Overview(
        name="made by <hand>",
        description="A set & its <b>story</b>.",
        makes="sft",
        licence="apache-2.0",
        state="complete",
        why="",
        is_mixture=False,
        born=100,
        accepted=60,
        rejected=35,
        failed=5,
        target=60,
        seconds=754.2,
        tokens_in=120_000,
        tokens_out=45_600,
        cost=1.25,
        seed=7,
        command="smoltalk run it.yaml",
        made_with=[("smoltalk", "0.1"), ("python", "3.11")],
        pipeline="name: it\nsteps: ['</pre><script>']\n",
        rows_looked_at=60,
        gathered_in=1.5,
    )


def empty() -> Findings:
    """A run with nothing in it yet."""
    nothing = {"born": 0, "accepted": 0, "rejected": 0, "failed": 0, "target": None, "state": "new", "cost": 0.0}
    bare = overview()
    values = (
        {name: getattr(bare, name) for name in bare.__dataclass_fields__} | nothing | {"licence": "", "command": ""}
    )
    return Findings(
        overview=Overview(**values),
        remarks=[],
        funnel=[],
        splits=[],
        origins=[],
        lengths=[],
        length_note="",
        labels=[],
        numbers=[],
        columns_note="",
        degenerate=[],
        duplicates=None,
        contamination=[],
        contamination_note="Nothing was checked: the pipeline has no decontaminate gate.",
        phrases=None,
        diversity=None,
        languages=None,
        engines=[],
        steps=[],
        moments=[],
        pairs=None,
        samples=[],
        turned_away=[],
    )


def samples() -> list[Sample]:
    """60 accepted rows' samples: the first ones hostile."""
    said = [*HOSTILE, *(f"Question {i} about the number {i * i}?" for i in range(len(HOSTILE), 50))]
    return [
        Sample(
            f"{i:016x}",
            "web" if i % 3 else "books",
            "train",
            "accepted",
            [Turn("system", "Be kind."), Turn("user", text), Turn("assistant", f"Answer {i}: {text}", cut=i % 2 * 10)],
            0,
            [("category", ["math", "code", "<b>chat</b>"][i % 3]), ("quality", "good")],
            12 + i,
        )
        for i, text in enumerate(said)
    ]


def turned_away() -> list[Sample]:
    """Rejected and failed rows."""
    return [
        Sample(
            f"f{i:015x}",
            "web",
            "",
            "failed" if i % 5 == 0 else "rejected",
            [Turn("user", f"Refused {i}")],
            3,
            [("category", "math")],
            2,
            "near_duplicate" if i % 5 else "answer",
            f"too_alike_{i % 5}",
            [("similarity", "0.93"), ("nearest", HOSTILE[i % len(HOSTILE)])],
        )
        for i in range(10)
    ]


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


def people() -> People:
    """Three people, two scores, hostile texts in what they read and wrote."""
    reward = [At(i / 10, 0.5 + i / 20, 1 - i / 12, 40 - 4 * i) for i in range(10)]
    quality = [At(place, 0.6, 1 - place / 2, 40) for place in (0.25, 0.5, 0.75)]
    return People(
        makes="sft",
        answers=90,
        drafts=1,
        discarded=2,
        stale=3,
        rows=40,
        became=[
            Became("kept as it was", "accepted", 25), Became("edited", "accepted", 5),
            Became("dropped", "rejected", 10), Became("waits for answers", "pending", 7),
            Became("not yet decided", "accepted", 2),
        ],
        people=[
            Person(letter, rows, [Count("keep", rows - 12), Count("edit", 2), Count("drop", 10)])
            for letter, rows in (("A", 40), ("B", 30), ("C", 14))
        ],
        others=1,
        issues=[Count("wrong", 9), Count("bad format", 2)],
        shared=30,
        alpha=0.51,
        pairs=[Two("A", "B", 30, 0.55), Two("A", "C", 14, None), Two("B", "C", 3, -0.2)],
        scores=[
            Beside("reward <b>", 40, 1.5, 0.4, 0.83, 0.07), Beside("quality", 40, 0.7, 0.6, 0.56, 0.1),
            Beside("length", 400, 0.6, 0.7, 0.3, 0.02),
        ],
        cuts=[
            Cuts("reward <b>", 40, "at_least_reward", reward, reward[0], reward[4], [],
                 "- at_least: {column: reward <b>, value: 0.4}"),
            Cuts("quality", 40, "", quality, quality[0], quality[0],
                 [(0.25, "poor"), (0.5, "average"), (0.75, "good")], ""),
        ],
        edits=[
            Edit("e1", [(False, "It is "), (True, HOSTILE[0])], [(False, "It is "), (True, HOSTILE[4])]),
            Edit("e2", [(True, HOSTILE[2])], [(True, HOSTILE[7])]),
        ],
        disputed=[Disputed("d1", [("A", "keep"), ("B", "drop")], [("user", HOSTILE[1]), ("assistant", HOSTILE[3])])],
    )  # fmt: skip
