"""Steps whose engines are paid for columns that nobody reads: no mistake, but worth a word before a run."""

from collections.abc import Iterator

from smoltalk.engines.pool import Pool
from smoltalk.pipeline.labels import labelled_steps
from smoltalk.pipeline.model import TRAINED_ON, Pipeline, Stock


def unread(pipeline: Pipeline) -> Iterator[str]:
    """A sentence for each step that asks an engine and of whose columns none is read, kept or published.

    Nothing is said where a step's columns cannot be told before it runs: it may read any.
    """
    parts = [step.part for step in pipeline.steps]
    if any(isinstance(part, Stock) and part.columns is None for part in (pipeline.source.part, *parts)):
        return
    used = _published(pipeline) | set(pipeline.keep)
    used = used.union(*(gate.part.reads() for gate in pipeline.gates), *(part.reads() for part in parts))
    pools = (engine.part for engine in pipeline.engines.values() if isinstance(engine.part, Pool))
    used |= {pool.column for pool in pools if pool.column is not None}
    for label, part in labelled_steps(pipeline):
        written = part.writes() - pipeline.born_with
        if part.engines() and written and not written & used:
            columns = ", ".join(f"`{column}`" for column in sorted(written))
            one = "column" if len(written) == 1 else "columns"
            engines = " and ".join(sorted(part.engines()))
            yield f"{label} asks {engines} for {one} {columns}, which nothing reads and `keep` does not name"


def _published(pipeline: Pipeline) -> set[str]:
    """The columns that become the conversation (`rows.conversation`), or the pair."""
    if pipeline.makes != "sft":
        return set(TRAINED_ON[pipeline.makes])
    written = pipeline.born_with.union(*(step.part.writes() for step in pipeline.steps))
    return {"messages"} if "messages" in written else {"instruction", "response"}
