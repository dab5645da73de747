"""One row's life, told again: its steps are run with an `Ask` that answers from the journal and never asks an engine.

Prompts are not stored; the same row through the same steps asks the same questions.
"""

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

import orjson

from smoltalk.attempts import again, taken
from smoltalk.contracts import Write
from smoltalk.engines.pool import Pool
from smoltalk.errors import BadReply, Problem, RowFailed, UserError
from smoltalk.pipeline import Pipeline, Stock
from smoltalk.pipeline.labels import SOURCE
from smoltalk.pipeline.model import AnyStep
from smoltalk.requests import Reply, Request, Sampling
from smoltalk.rows import Conversation, Row, message
from smoltalk.run import database
from smoltalk.run.fingerprints import fingerprints
from smoltalk.run.folder import RunFolder
from smoltalk.run.journal import Fate, Past, read_past
from smoltalk.run.ledger import read_fate
from smoltalk.run.life import Asked, Attempt, Life, Ruling, Stage
from smoltalk.run.pooling import PoolAsk
from smoltalk.run.reopen import reopen_to_tell
from smoltalk.vectors import vector_of

__all__ = ["Asked", "Attempt", "Life", "Stage", "trace"]

T = TypeVar("T")

_EDITED = "edited since: the prompt it was asked cannot be told again"


async def trace(folder: RunFolder, row_id: str) -> Life:
    """The life of the row whose id starts with `row_id`.

    Raises `UserError` when there is none, or more than one, or no run; `WorldError` when the run is damaged.
    """
    pipeline = reopen_to_tell(folder)
    with closing(database.connect(folder.database)) as connection, database.sqlite_errors(folder.database):
        fate = _find(connection, folder, row_id)
        columns: Row = orjson.loads(fate.columns)
        past = read_past(connection, folder.database, fate.row, fate.id)
        names = json.loads(database.get_meta(connection, "fingerprints", "{}"))
    born = {name: columns[name] for name in sorted(pipeline.born_with) if name in columns}
    unborn = fate.fate == "failed" and fate.gate == SOURCE
    stages = [] if unborn else await _replay(pipeline, dict(born), columns, past, names, fate)
    evidence = orjson.loads(fate.evidence) if fate.fate != "accepted" else {}
    gates = list(_rulings(pipeline, fate))
    return Life(fate.id, fate.row, fate.fate, fate.gate, fate.reason, evidence, born, stages, gates)


def _find(connection: Any, folder: RunFolder, row_id: str) -> Fate:
    # Ids are hexadecimal, so every id that starts with the prefix sorts before the prefix and a `g`.
    found = connection.execute(
        "SELECT * FROM rows WHERE id >= ? AND id < ? ORDER BY id LIMIT 6", (row_id, f"{row_id}g")
    ).fetchall()
    if len(found) == 1 or (found and found[0][1] == row_id):
        return read_fate(found[0])
    ids = ", ".join(line[1] for line in found[:5]) + (", ..." if len(found) > 5 else "")
    if found:
        raise _mistake(folder, f"more than one row's id starts with `{row_id}`", f"there is: {ids}")
    first = connection.execute("SELECT id FROM rows ORDER BY row LIMIT 3").fetchall()
    hint = f"ids stand in column `id` of {folder.data} and {folder.rejected}"
    if first:
        hint += f"; the first are {', '.join(line[0] for line in first)}"
    if surplus := int(database.get_meta(connection, "surplus", "0")):
        hint += f"; {surplus:,} more were on their way when enough were accepted, and are in no books"
    raise _mistake(folder, f"no row in the books whose id starts with `{row_id}`", hint)


def _mistake(folder: RunFolder, sentence: str, hint: str) -> UserError:
    return UserError([Problem(str(folder.path), 0, sentence, hint)])


# ---------------------------------------------------------------- the steps again


async def _replay(
    pipeline: Pipeline, row: Row, final: Row, past: Past, names: Mapping[str, str], fate: Fate
) -> list[Stage]:
    from smoltalk.pipeline.labels import labelled_steps

    stages = []
    pools = {name: placed.part for name, placed in pipeline.engines.items() if isinstance(placed.part, Pool)}
    stock, now = _stock_tasks(pipeline), fingerprints(pipeline)
    for label, step in labelled_steps(pipeline):
        stage = Stage(label)
        stages.append(stage)
        ask = PoolAsk(pools, partial(_recording, past, names.get(label, ""), stage), fate.row, row)
        if names.get(label) != now[label]:
            stage.asked += _replies(past, names.get(label, ""), step)
            stage.columns, stage.note = _written(step, row, final), _EDITED
        elif isinstance(step, Write) or label in stock:
            write = step.write(row, ask) if isinstance(step, Write) else stock[label](row, lambda _, ask=ask: ask)
            await _again(step, write, row, stage)
        else:
            stage.columns = _written(step, row, final)
            stage.note = "" if stage.columns else "not reached"
        if label == fate.gate and fate.fate == "failed":
            stage.failure = stage.failure or fate.reason
        row.update(stage.columns)
    return stages


def _recording(past: Past, fingerprint: str, stage: Stage, suffix: str) -> "RecordingAsk":
    return RecordingAsk(past, fingerprint + suffix, stage.asked)


def _written(step: AnyStep, row: Row, final: Row) -> Row:
    """What the step wrote, from the ledger."""
    return {name: final[name] for name in sorted(step.writes()) if name in final and name not in row}


def _replies(past: Past, fingerprint: str, step: AnyStep) -> list[Asked]:
    """What an edited step was replied, turn by turn; only the last attempt of a turn was used."""
    turns: dict[int, list[Attempt]] = {}
    for (asked_by, turn, attempt), reply in sorted(past.items(), key=lambda item: item[0]):
        if asked_by.partition("/")[0] == fingerprint:
            for earlier in turns.setdefault(turn, []):
                earlier.bad = "asked again"
            turns[turn].append(_attempt(attempt, reply))
    engine = " or ".join(sorted(step.engines()))
    return [
        Asked(engine, turn, "score" if said[-1].finish == "score" else "model", [], attempts=said)
        for turn, said in turns.items()
    ]


def _attempt(number: int, reply: Reply) -> Attempt:
    took = (reply.tokens_in, reply.tokens_out, reply.seconds)
    return Attempt(
        number, reply.text, reply.finish, *took, reasoning=reply.reasoning, cost=reply.cost, cached=reply.cached
    )


def _changed(before: Request, after: Request) -> str:
    """What the next attempt is asked otherwise."""
    if after.sampling != before.sampling:
        return f"max_tokens {after.sampling.max_tokens}"
    return str(after.messages[-1]["content"]) if after.messages != before.messages else ""


def _stock_tasks(pipeline: Pipeline) -> dict[str, Any]:
    """distilabel's own tasks by label, as the executor runs them; nothing is imported where there are none."""
    if not any(isinstance(s.part, Stock) and "Task" in s.part.kinds for s in pipeline.steps):
        return {}
    from smoltalk.dag.compile import compile_dag
    from smoltalk.distil.door import Task
    from smoltalk.run.walk import Walk

    dag = compile_dag(pipeline)
    steps = {name: data["step"] for name, data in dag.dag.G.nodes(data=True)}
    return {node.label: node.run for node in Walk(dag).nodes if isinstance(steps[node.label], Task)}


async def _again(step: AnyStep, write: Coroutine[Any, Any, Row], row: Row, stage: Stage) -> None:
    if any(column not in row for column in step.reads()):
        write.close()
        stage.note = "not reached"
        return
    try:
        stage.columns = await write
    except _NotAskedError:
        stage.note = "the journal has no reply to its last question"
    except RowFailed as failure:
        stage.failure = str(failure)
    except Exception as error:  # the step tripped over this row, then as now
        stage.failure = f"step_error: {type(error).__name__}: {error}"


class _NotAskedError(Exception):
    """The journal holds no reply to this question."""


class RecordingAsk:
    """An `Ask` that replies from the journal alone and notes what was asked; see `smoltalk.contracts.Ask`."""

    def __init__(self, past: Past, fingerprint: str, asked: list[Asked]) -> None:
        self._past, self._fingerprint, self._asked = past, fingerprint, asked

    async def __call__(
        self, engine: str, request: Request, parse: Callable[[Reply], T], *, turn: int = 0, attempts: int = 3
    ) -> T:
        noted = self._note(engine, turn, request.role, request.messages, request.sampling, request.schema)
        last, changed = BadReply("no_attempts"), ""
        for attempt in range(attempts):
            reply = self._reply(noted, turn, attempt)
            noted.attempts[-1].changed = changed
            try:
                return parse(taken(reply))
            except RowFailed as error:
                noted.attempts[-1].bad = str(error)
                raise
            except BadReply as error:
                before, last, request = request, error, again(request, reply, error)
                changed = _changed(before, request)
                noted.attempts[-1].bad = str(error)
        raise RowFailed(last.kind, last.detail)

    async def score(self, engine: str, messages: Conversation, *, turn: int = 0) -> float:
        noted = self._note(engine, turn, "score", messages)
        return float(self._reply(noted, turn, 0).text)

    async def embed(self, engine: str, text: str, *, turn: int = 0) -> list[float]:
        noted = self._note(engine, turn, "embed", [message("user", text)])
        return vector_of(self._reply(noted, turn, 0).text)

    def _note(
        self, engine: str, turn: int, role: str, messages: Conversation,
        sampling: Sampling | None = None, schema: dict[str, Any] | None = None,
    ) -> Asked:  # fmt: skip
        drawn = sampling.model_dump(mode="json", exclude_none=True) if sampling else None
        noted = Asked(engine, turn, role, [dict(m) for m in messages], drawn, schema)
        self._asked.append(noted)
        return noted

    def _reply(self, noted: Asked, turn: int, attempt: int) -> Reply:
        reply = self._past.get((self._fingerprint, turn, attempt))
        if reply is None:
            raise _NotAskedError
        noted.attempts.append(_attempt(attempt, reply))
        return reply


# ---------------------------------------------------------------- the gates


def _rulings(pipeline: Pipeline, fate: Fate) -> Sequence[Ruling]:
    """From the ledger, not judged again: gates that compare rows remember a past that is gone."""
    from smoltalk.pipeline.labels import labelled_gates

    labels = [label for label, _ in labelled_gates(pipeline)]
    if fate.fate == "accepted":
        told = orjson.loads(fate.evidence)
        names = dict.fromkeys([*labels, *(["human"] if "human" in told else [])])
        return [Ruling(label, "kept", told=told.get(label, {})) for label in names]
    if fate.gate == "human":  # people decide when every other gate has
        besides = [Ruling(label, "kept") for label in labels if label != "human"]
        return [*besides, Ruling("human", fate.fate, fate.reason)]
    stopped = labels.index(fate.gate) if fate.gate in labels else -1
    rulings = []
    for place, label in enumerate(labels):
        if place == stopped:
            rulings.append(Ruling(label, fate.fate, fate.reason))
        else:
            rulings.append(Ruling(label, "kept" if place < stopped else "not reached"))
    return rulings
