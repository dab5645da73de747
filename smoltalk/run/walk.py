"""Takes one row through distilabel's DAG: each step runs the moment the steps above it are through."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import networkx

from smoltalk.contracts import Ask, BatchWrite, Write
from smoltalk.dag.adapters import Identify
from smoltalk.distil.door import CombineOutputs, Dag, GlobalStep, Task
from smoltalk.errors import BadReply, Problem, RowFailed, UserError, WorldError
from smoltalk.pipeline.labels import SOURCE
from smoltalk.requests import Request, Sampling
from smoltalk.rows import Row, message
from smoltalk.run.batching import Barrier, Batcher
from smoltalk.run.turns import Parked

AskFor = Callable[[str], Ask]
"""A step's label -> its `Ask` for the row at hand."""
Run = Callable[[Row, AskFor], Awaitable[Row]]


class Node(NamedTuple):
    """A step of the DAG, ready to take rows."""

    label: str
    above: frozenset[str]
    """Labels of the steps it waits for; joins are seen through, for a row carries its own columns."""
    run: Run
    declared: frozenset[str] | None
    """The columns it may write; None for a stock step, which hands whole rows on."""

    def add(self, row: Row, columns: Row) -> None:
        """Put what it wrote into the row. Raises `RowFailed` when that is more than it said, or another `id`."""
        if self.declared is not None and not self.declared.issuperset(columns):
            more = ", ".join(f"`{name}`" for name in sorted(map(str, columns.keys() - self.declared)))
            raise RowFailed("step_error", f"it wrote {more}, which its `writes()` does not name")
        if "id" in columns and columns["id"] != row["id"]:
            raise RowFailed("step_error", "it changed the row's `id`")
        row.update(columns)


class Walk:
    """The DAG as one row sees it. Shared by all rows of a run."""

    def __init__(self, dag: Dag) -> None:
        graph = dag.dag.G
        self.barriers: list[Barrier] = []
        self.nodes = [
            Node(name, frozenset(_above(graph, name)), *self._runner(name, graph.nodes[name]["step"]))
            for name in networkx.lexicographical_topological_sort(graph)
            if name != SOURCE and not isinstance(graph.nodes[name]["step"], CombineOutputs | Identify)
        ]
        self._chain = all(
            before.label in after.above for before, after in zip(self.nodes, self.nodes[1:], strict=False)
        )

    async def through(self, row: Row, ask_for: AskFor) -> Row:
        """Fill the row's columns, in place. Raises `RowFailed` naming the step in `where`."""
        if not self._chain:
            await self._branches(row, ask_for)
            return row
        label = ""
        try:
            for node in self.nodes:
                label = node.label
                node.add(row, await node.run(row, ask_for))
        except Exception as error:
            raise _ended(error, label) from error
        return row

    def expect(self, rows: int | None) -> None:
        """No more rows will come: the steps that need every row wait for this many; None: some will, again."""
        for barrier in self.barriers:
            barrier.expected = rows
            barrier.check()

    def leave_barriers(self) -> None:
        """A row fell out on its way: nobody waits for it any more."""
        for barrier in self.barriers:
            if barrier.expected is not None:
                barrier.expected -= 1
                barrier.check()

    async def _branches(self, row: Row, ask_for: AskFor) -> None:
        tasks: dict[str, asyncio.Task[None]] = {}
        parked: set[str] = set()

        async def when_ready(node: Node) -> None:
            for label in node.above:
                await tasks[label]
            try:
                if node.above & parked:
                    raise Parked
                node.add(row, await node.run(row, ask_for))
            except Parked:  # the other branches go on
                parked.add(node.label)
            except Exception as error:
                raise _ended(error, node.label) from error

        try:
            async with asyncio.TaskGroup() as group:
                for node in self.nodes:
                    tasks[node.label] = group.create_task(when_ready(node))
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        if parked:
            raise Parked

    def _runner(self, label: str, step: Any) -> tuple[Run, frozenset[str] | None]:
        part = getattr(step, "part", None)
        if isinstance(part, Write):
            return lambda row, ask_for: part.write(row, ask_for(label)), part.writes()
        if isinstance(part, BatchWrite):
            return _batched(Batcher(part.write_batch, part.batch_size)), part.writes()
        step.load()
        if isinstance(step, GlobalStep):
            self.barriers.append(Barrier(_process(step)))
            return _batched(self.barriers[-1]), None
        if isinstance(step, Task):
            return _asked(label, step), None
        return _batched(Batcher(_process(step), step.input_batch_size)), None


def _ended(error: Exception, label: str) -> Exception:
    """What a step's exception means: the world's failure as it is, anything else the end of this row, in this step."""
    if isinstance(error, WorldError):
        return error
    told = f"{type(error).__name__}: {error}"[:500]
    failed = error if isinstance(error, RowFailed) else RowFailed("step_error", told)
    failed.where = failed.where or label
    return failed


def _above(graph: Any, name: str) -> set[str]:
    found: set[str] = set()
    for above in graph.predecessors(name):
        if isinstance(graph.nodes[above]["step"], CombineOutputs | Identify):
            found |= _above(graph, above)
        elif above != SOURCE:
            found.add(above)
    return found


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """What to say of several branches that failed: the world before the row."""
    flat = [e for e in errors.exceptions if not isinstance(e, asyncio.CancelledError)]
    worlds = [e for e in flat if isinstance(e, WorldError)]
    return (worlds or flat or [asyncio.CancelledError()])[0]


# ---------------------------------------------------------------- stock distilabel steps


def _batched(batch: Batcher | Barrier) -> Run:
    return lambda row, ask_for: batch(row)


def _process(step: Any) -> Callable[[Any], list[Row]]:
    def process(rows: Any) -> list[Row]:
        return [row for batch in step.process_applying_mappings([dict(r) for r in rows]) for row in batch]

    return process


def _asked(label: str, task: Any) -> Run:
    """A stock task row by row: its `format_input`, our engine, its `format_output`."""
    if type(task).process is not Task.process:
        sentence = f"`{type(task).__name__}` runs its own generation loop, which only `--executor distilabel` can run"
        raise UserError([Problem(label, 0, sentence)])
    engine = task.llm.engine_name
    sampling = Sampling.model_validate(
        {name: value for name, value in _sampling(task.llm.generation_kwargs or {}).items() if value is not None}
    )

    async def run(row: Row, ask_for: AskFor) -> Row:
        theirs = {ours_to_theirs(task, name): value for name, value in row.items()}
        turns = [message(turn["role"], str(turn["content"])) for turn in task.format_input(theirs)]

        def parse(reply: Any) -> Row:
            try:
                return dict(task.format_output(reply.text, theirs))
            except Exception as error:
                raise BadReply("unparseable", f"{type(error).__name__}: {error}"[:300]) from error

        columns = await ask_for(label)(engine, Request(turns, sampling), parse)
        columns["model_name"] = task.llm.model_name
        return {task.output_mappings.get(name, name): value for name, value in columns.items()}

    return run


def ours_to_theirs(task: Any, column: str) -> str:
    """The name a stock step expects for one of our columns (its `input_mappings`, reversed)."""
    for theirs, ours in task.input_mappings.items():
        if ours == column:
            return str(theirs)
    return column


def _sampling(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "temperature": kwargs.get("temperature"),
        "top_p": kwargs.get("top_p"),
        "max_tokens": kwargs.get("max_new_tokens"),
    }
