"""`smoltalk trace`: one row from birth to its end."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from smoltalk.cli.opening import ARun, mixes
from smoltalk.cli.screen import end_of, plain, quoted, say, span, table, turns, value

if TYPE_CHECKING:
    from smoltalk.run.folder import RunFolder
    from smoltalk.run.trace import Asked, Attempt, Life, Stage


def trace(
    run: ARun,
    row_id: Annotated[str, typer.Argument(metavar="ROW_ID", help="A row's id, or enough of its beginning.")],
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Tell one row's life.

    Each prompt and raw reply, each column, each gate's word, where it ended and why.
    """
    import asyncio
    import json

    from smoltalk.run import trace as run_trace
    from smoltalk.run.folder import RunFolder

    life = asyncio.run(run_trace.trace(RunFolder(run), row_id))
    if mixes(run):
        _of_mixture(RunFolder(run), life)
    say(json.dumps(life.as_json(), indent=2, default=str) if as_json else told(life))


def _of_mixture(folder: "RunFolder", life: "Life") -> None:
    """A mixture's books hold no texts: they are taken from its files. A row of a run has its own life there."""
    from smoltalk.mixing.rulings import rulings
    from smoltalk.mixture.shown import row_of
    from smoltalk.pipeline.labels import labelled_gates
    from smoltalk.run.reopen import reopen_to_tell

    if life.fate != "accepted":
        life.gates = rulings(labelled_gates(reopen_to_tell(folder)), life.fate, life.where, life.reason)

    place = folder.data if life.fate == "accepted" else folder.rejected
    found = row_of(sorted(place.glob("*.parquet")), life.id)
    told_already = {*life.born, "gate", "reason", "evidence", "columns"}
    life.born |= {name: value for name, value in found.items() if name not in told_already}
    if (source := _run_of(folder, str(life.born.get("source")))) and "source_id" in life.born:
        life.born["earlier"] = f"smoltalk trace {source} {life.born['source_id']}"


def _run_of(folder: "RunFolder", name: str) -> str:
    """The run that a source of the mixture is; "" for other data, and for one that cannot be found any more."""
    from smoltalk.errors import UserError
    from smoltalk.pipeline.mixes import mixture
    from smoltalk.run.reopen import reopen

    try:
        part = mixture(reopen(folder))
    except UserError:
        return ""
    return (part.mix.sources[name].run or "") if part is not None and name in part.mix.sources else ""


def told(life: "Life") -> str:
    """A life as text; every line a model wrote stands behind a rule."""
    end = end_of(life.fate, life.where, life.reason)
    lines = [f"row {life.id}  {end}", "", "born", f"  row: {life.row:,}"]
    for name, content in life.born.items():
        lines += value(name, content, 2)
    for stage in life.steps:
        lines += ["", stage.step, *_stage(stage)]
    if life.gates:
        rows = [(g.gate, f"{g.ruling}: {g.reason}" if g.reason else g.ruling) for g in life.gates]
        lines += ["", "gates"]
        for gate, line in zip(life.gates, table(rows), strict=True):
            lines.append(line)
            for name, content in gate.told.items():
                lines += value(name, content, 4)
    lines += ["", end]
    for name, content in life.evidence.items():
        lines += value(name, content, 2)
    return "\n".join(lines)


def _stage(stage: "Stage") -> list[str]:
    lines: list[str] = []
    for asked in stage.asked:
        lines += _asked(asked)
    for name, content in stage.columns.items():
        lines += value(name, content, 2)
    if stage.failure:
        lines.append(f"  failed: {plain(stage.failure)}")
    if stage.note:
        lines.append(f"  {stage.note}")
    return lines


def _asked(asked: "Asked") -> list[str]:
    what = "for a score" if asked.role == "score" else f"for the {asked.role}'s turn"
    lines = [
        f"  asked {asked.engine} {what} (turn {asked.turn})",
        *_sampling(asked.sampling),
        *turns(asked.messages, 4),
    ]
    for attempt in asked.attempts:
        lines += [f"  asked again, with: {plain(' '.join(attempt.changed.split()))}"] if attempt.changed else []
        lines.append(f"  {_attempt(attempt)}")
        if attempt.reasoning:
            lines += ["    thought", *quoted(attempt.reasoning, 6), "    said"]
        lines += quoted(attempt.text, 6 if attempt.reasoning else 4)
    return lines if asked.attempts else [*lines, "  not asked"]


def _sampling(sampling: dict[str, Any] | None) -> list[str]:
    if not sampling:
        return []
    return [plain("    " + ", ".join(f"{name} {drawn}" for name, drawn in sampling.items() if drawn not in ([], ())))]


def _attempt(attempt: "Attempt") -> str:
    facts = [f"reply {attempt.attempt + 1}: {attempt.finish}", f"{attempt.tokens_in} + {attempt.tokens_out} tokens"]
    facts += [f"{attempt.cached} of the prompt cached"] if attempt.cached else []
    facts += [f"cost {attempt.cost:.2g}"] if attempt.cost else []
    facts += [span(attempt.seconds)] if attempt.seconds else []
    facts += [f"not used: {plain(attempt.bad)}"] if attempt.bad else []
    return ", ".join(facts)
