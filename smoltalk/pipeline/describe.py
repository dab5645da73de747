"""What `smoltalk check` prints when all is well: the DAG as the columns draw it, the engines, and when a run ends."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from smoltalk.licences import meant, misspelt
from smoltalk.pipeline.engine_lines import aligned, engine_lines, place_lines
from smoltalk.pipeline.labels import labelled_gates, labelled_steps
from smoltalk.pipeline.mixes import mixture
from smoltalk.pipeline.model import Pipeline
from smoltalk.pipeline.unread import unread

if TYPE_CHECKING:
    from smoltalk.mixture.birth import Mixture


def describe(pipeline: Pipeline) -> str:
    """Plain text, the same for the same file; starts no engine."""
    if (part := mixture(pipeline)) is not None:
        return _blocks(_mixture(pipeline, part))
    blocks = [
        [f"{pipeline.path}  ok"],
        list(_head(pipeline)),
        ["rows", *aligned(_births(pipeline))],
        ["steps", *aligned(_steps(pipeline))],
        ["gates", *aligned(_gates(pipeline))],
        ["engines", *engine_lines(pipeline)],
        ["here", *place_lines(pipeline)],
        ["ends", *(f"  {line}" for line in _ends(pipeline))],
        ["warnings", *(f"  {line}" for line in (*_licences(pipeline), *unread(pipeline)))],
    ]
    return _blocks(blocks)


def _mixture(pipeline: Pipeline, part: "Mixture") -> list[list[str]]:
    from smoltalk.pipeline import mix_lines

    return [
        [f"{pipeline.path}  ok"],
        list(_head(pipeline)),
        ["sources, in the order in which they come first", *aligned(mix_lines.sources(part))],
        ["rows", *mix_lines.rows(part)],
        ["gates", *aligned(_gates(pipeline))],
        ["ends", *mix_lines.ends(part, pipeline.target.max_failed)],
        ["warnings", *(f"  {line}" for line in _licences(pipeline)), *mix_lines.warnings(part)],
    ]


def _blocks(blocks: Sequence[Sequence[str]]) -> str:
    return "\n\n".join("\n".join(block) for block in blocks if len(block) > 1 or block is blocks[0])


def _head(pipeline: Pipeline) -> Iterator[str]:
    facts = [pipeline.makes, pipeline.language, pipeline.licence, f"seed {pipeline.seed}"]
    yield f"{pipeline.name}  ({', '.join(f for f in facts if f)})"
    yield f"  {pipeline.description}" if pipeline.description else "  no description"


def _licences(pipeline: Pipeline) -> Iterator[str]:
    """Licences that seem to be misspelt: the pipeline's, and that of what its source reads."""
    for whose, licence in (("", pipeline.licence), ("the source's ", getattr(pipeline.source.part, "licence", None))):
        if near := meant(licence):
            yield f"{whose}`licence`: {misspelt(licence, near)}"


def _births(pipeline: Pipeline) -> Iterator[Sequence[str]]:
    yield pipeline.source.name, "", "->", _columns(pipeline.born_with)


def _steps(pipeline: Pipeline) -> Iterator[Sequence[str]]:
    labels = [label for label, _ in labelled_steps(pipeline)]
    for number, level in enumerate(pipeline.levels(), 1):
        for i in level:
            step = pipeline.steps[i].part
            reads, writes = _columns(step.reads()), _columns(step.writes() - pipeline.born_with)
            asks = f"asks {_columns(step.engines())}" if step.engines() else ""
            yield (str(number) if i == level[0] else ""), labels[i], reads, "->", writes, asks


def _gates(pipeline: Pipeline) -> Iterator[Sequence[str]]:
    for number, (label, gate) in enumerate(labelled_gates(pipeline), 1):
        sample = f"after the first {gate.calibrates_on():,} rows" if gate.calibrates_on() else ""
        yield str(number), label, _columns(gate.reads()), sample


def _ends(pipeline: Pipeline) -> Iterator[str]:
    target = pipeline.target
    yield f"when {target.accepted:,} rows are accepted" if target.accepted else "when every row has been tried"
    at_most = [
        f"{limit:,} {what}"
        for limit, what in (
            (target.max_attempts, "rows"),
            (target.max_tokens, "tokens"),
            (target.max_hours, "hours"),
            (target.max_cost, "of cost"),
        )
        if limit is not None
    ]
    if at_most:
        yield f"at the latest after {' or '.join(at_most)}"
    yield f"or when more than {target.max_failed:.0%} of the rows fail, counted from 50 rows on and at the end"


def _columns(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
