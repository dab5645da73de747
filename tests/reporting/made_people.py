"""What people said of a run, made by hand, with hostile texts in what they read and wrote."""

from smoltalk.reporting.figures import Count
from smoltalk.reporting.people import At, Became, Beside, Cuts, Disputed, Edit, People, Person, Two
from tests.reporting.made_samples import HOSTILE


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
