"""A run's overview made by hand, and findings of one with nothing in it yet."""

from smoltalk.reporting.findings import (
    Findings,
    Overview,
)


def overview() -> Overview:
    """A run of a hundred rows."""
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
