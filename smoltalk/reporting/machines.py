"""What engines did and how their time went, from the books and a sample of the journal."""

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator

import numpy as np

from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.labels import labelled_steps
from smoltalk.redaction import redact
from smoltalk.reporting.figures import Count
from smoltalk.reporting.machinery import EngineFacts, Moment, StepTime
from smoltalk.run import database
from smoltalk.run.ledger import Books

_ROWS = 2_000
"""Rows whose replies are looked at."""
_AT_ONCE = 500
_IDLE = 0.1
"""Share of an engine's places from which it is said why they stood empty."""


def engines(pipeline: Pipeline, books: Books) -> list[EngineFacts]:
    """Every engine that was asked or started."""
    return [_engine(name, pipeline, books) for name in sorted(books.engines.keys() | books.times.keys())]


def _engine(name: str, pipeline: Pipeline, books: Books) -> EngineFacts:
    counts, times = books.engines.get(name, {}), books.times.get(name, {})
    placed, idle = pipeline.engines.get(name), books.idle(name)
    merged = next((names for names in pipeline.merged_engines() if name in names), [name])
    steps = [label for label, part in labelled_steps(pipeline) if part.engines() & {*merged}]
    replies: Counter[str] = Counter()
    for label in steps:
        replies.update(books.replies.get(label, {}))
    return EngineFacts(
        name=name,
        plan=redact(placed.part.plan()) if placed else "",
        requests=counts.get("requests", 0),
        tokens_in=counts.get("tokens_in", 0),
        tokens_out=counts.get("tokens_out", 0),
        cost=counts.get("cost_nano", 0) / 1e9,
        cached=books.cached(name),
        starting=times.get("starting", 0.0),
        full=times.get("full", 0.0),
        part=times.get("part", 0.0),
        empty=times.get("empty", 0.0),
        busy=None if idle is None else 1 - idle,
        tokens_per_second=books.speed(name),
        replies=[Count(*item) for item in sorted(replies.items(), key=lambda item: (-item[1], item[0]))],
        steps=[Count(label, sum(books.replies.get(label, {}).values())) for label in steps],
        idle_why=_why(name, books),
    )


def _why(name: str, books: Books) -> str:
    """Why an engine's places stood empty: a sentence."""
    times, idle = books.times.get(name, {}), books.idle(name)
    if idle is None or idle < _IDLE:
        return ""
    up = sum(times[state] for state in ("full", "part", "empty"))
    part, empty = times["part"] / up, times["empty"] / up
    said = [f"{idle:.0%} of its places stood empty while it was up"]
    if part >= 0.05:
        said.append(f"{part:.0%} of that time it had room, because rows did not come to it fast enough")
    if empty >= 0.05:
        others = [one for one in books.times if one != name and books.times[one].get("full", 0) > up / 3]
        waited = f"; {', '.join(sorted(others))} was at its limit meanwhile" if others else ""
        said.append(f"{empty:.0%} of it no row was ready for it at all{waited}")
    return "; ".join(said)


def step_times(pipeline: Pipeline, books: Books, connection: sqlite3.Connection) -> list[StepTime]:
    """What each step's replies took, from those of 2,000 rows."""
    names = json.loads(database.get_meta(connection, "fingerprints", "{}"))
    labels = {fingerprint: label for label, fingerprint in names.items()}
    found: dict[tuple[str, str], list[tuple[int, int, float]]] = {}
    for step, engine, tokens_in, tokens_out, seconds in _replies(connection):
        if label := labels.get(step.partition("/")[0]):
            found.setdefault((label, engine), []).append((tokens_in, tokens_out, seconds))
    order = {label: place for place, (label, _) in enumerate(labelled_steps(pipeline))}
    times = []
    for (label, engine), each in sorted(found.items(), key=lambda item: (order.get(item[0][0], 0), item[0])):
        of_label = sum(len(some) for (one, _), some in found.items() if one == label)
        replies = sum(books.replies.get(label, {}).values()) * len(each) // of_label
        columns = np.array(each, np.float64)
        median, late = np.quantile(columns[:, 2], (0.5, 0.95))
        of_all = [round(float(mean) * replies) for mean in columns[:, :2].mean(axis=0)]
        times.append(StepTime(label, engine, replies, of_all[0], of_all[1], float(median), float(late)))
    return times


def _replies(connection: sqlite3.Connection) -> Iterator[tuple[str, str, int, int, float]]:
    last = connection.execute("SELECT max(row) FROM replies").fetchone()[0]
    rows = range(0) if last is None else range(last + 1)
    some = list(rows) if len(rows) <= _ROWS else sorted(random.Random(20_261_121).sample(rows, _ROWS))
    for first in range(0, len(some), _AT_ONCE):
        chosen = some[first : first + _AT_ONCE]
        marks = ",".join("?" * len(chosen))
        yield from connection.execute(
            f"SELECT step, engine, tokens_in, tokens_out, seconds FROM replies WHERE row IN ({marks})", chosen
        )


def moments(connection: sqlite3.Connection) -> list[Moment]:
    """How engines stood over time, where the run wrote it down: sums so far, of which differences are shown."""
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'moments'").fetchone()
    if not there:
        return []
    found: list[Moment] = []
    before: dict[str, tuple[float, int, float, float, float]] = {}
    for second, engine, tokens_in, tokens_out, in_flight, *sums, waiting in connection.execute(
        "SELECT second, engine, tokens_in, tokens_out, in_flight, full, part, empty, waiting FROM moments"
        " ORDER BY second, engine"
    ):
        tokens = tokens_out or tokens_in
        then, had, *earlier = before.get(engine, (0.0, 0, 0.0, 0.0, 0.0))
        took = second - then
        spent = [max(0.0, now - was) for now, was in zip(sums, earlier, strict=True)]
        whole = max(took, sum(spent)) or 1.0  # a moment stands at a whole second, and its sums a little later
        full, part, empty = (state / whole for state in spent)
        speed = max(0, tokens - had) / took if took > 0 else 0.0
        before[engine] = second, tokens, sums[0], sums[1], sums[2]
        found.append(Moment(float(second), engine, tokens_in, tokens_out, in_flight, full, part, empty, waiting, speed))
    return found
