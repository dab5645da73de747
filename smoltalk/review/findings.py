"""What answers say beyond the rows they are about: how far people agree, which scores do, where cuts should stand."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from smoltalk.gates.at_least import AtLeast
from smoltalk.gates.one_of import OneOf
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.labels import labelled_gates
from smoltalk.review import answers as answers_
from smoltalk.review.agreement import Agreed, Agreement, Voice, agreement, kept_by, of_scores, voices
from smoltalk.review.booking import items_of, reviewable
from smoltalk.review.choosing import above
from smoltalk.review.fitting import Fit, Point, f1, fits
from smoltalk.review.runs import Reviewed
from smoltalk.rows import Row
from smoltalk.run import database
from smoltalk.run.folder import RunFolder
from smoltalk.run.staging import Staged

FEW = 30
"""Decided rows below which a cut says more of chance than of the score."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A score's cut as it is and as people's answers would have it."""

    fit: Fit
    now: Point
    """Everything that was looked at: rows below the present cut were never shown."""
    gate: str
    """The label of the gate that cuts by this column now; empty for none."""
    line: str
    """For the pipeline's `gates`; empty where the best cut is the lowest one."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All of it."""

    reviewers: dict[str, int]
    """Rows that each person decided."""
    decided: int
    agreement: Agreement
    scores: list[Agreed]
    cuts: list[Cut]

    def as_json(self) -> dict[str, Any]:
        """What `review.json` holds."""
        between = self.agreement
        return {
            "reviewers": self.reviewers,
            "decided": self.decided,
            "agreement": {
                "rows": between.rows,
                "alpha": between.alpha,
                "pairs": [
                    {"people": people, "rows": rows, "kappa": kappa} for people, (rows, kappa) in between.pairs.items()
                ],
            },
            "scores": [one._asdict() for one in self.scores],
            "cuts": [
                {
                    "column": cut.fit.column, "rows": cut.fit.rows, "gate": cut.gate, "line": cut.line,
                    "now": _point(cut.now), "proposed": _point(cut.fit.best),
                    "curve": [_point(point) for point in cut.fit.curve],
                }
                for cut in self.cuts
            ],
        }  # fmt: skip


def findings(run: Reviewed) -> Findings:
    """From every answer that counts. Memory grows with the answered rows."""
    with closing(database.connect(run.folder.database)) as connection, database.sqlite_errors(run.folder.database):
        given = answers_.kept(connection)
        items = {item.id: item for item in items_of(run.pipeline, connection, given)}
        rows = {one.fate.row: one.columns | one.told for one in reviewable(connection) if one.fate.id in items}
    return weighed(run.pipeline, voices(items, (answer for some in given.values() for answer in some)), rows)


def weighed(pipeline: Pipeline, said: Sequence[Voice], rows: Mapping[int, Row]) -> Findings:
    """From these voices; `rows` are what columns and gates told of the rows they are about, by number."""
    decided = kept_by(said)
    people: dict[str, int] = {}
    for voice in said:
        people[voice.reviewer] = people.get(voice.reviewer, 0) + 1
    return Findings(
        people, len(decided), agreement(said), of_scores(decided, rows),
        [_cut(pipeline, fit) for fit in fits(decided, rows)],
    )  # fmt: skip


def place_of(folder: RunFolder) -> Path:
    """Where they are written."""
    return folder.path / "review.json"


def write(folder: RunFolder, found: Findings) -> Path:
    """Write them beside the run. Raises `OSError`."""
    with Staged() as staged:
        staged.write_text(place_of(folder), orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2).decode() + "\n")
    return place_of(folder)


def _cut(pipeline: Pipeline, fit: Fit) -> Cut:
    gates = [
        label
        for label, gate in labelled_gates(pipeline)
        if isinstance(gate, AtLeast | OneOf) and gate.column == fit.column
    ]
    changes = fit.best.cut > fit.curve[0].cut
    return Cut(fit, fit.curve[0], gates[0] if gates else "", _line(fit) if changes else "")


def _line(fit: Fit) -> str:
    """YAML for the gate; what a gate told of a row is no column that another could read."""
    if "." in fit.column:
        return ""
    if fit.labels:
        return f"- one_of: {{column: {fit.column}, values: [{', '.join(above(fit.labels, fit.best.cut))}]}}"
    return f"- at_least: {{column: {fit.column}, value: {fit.best.cut:.6g}}}"


def _point(point: Point) -> dict[str, float | int]:
    return {**point._asdict(), "f1": f1(point)}
