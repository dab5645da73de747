"""Judges rows in row order, whatever order they finish in, so that timing never changes who is kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import orjson

from smoltalk.contracts import KEEP, Gate, Judge, Verdict
from smoltalk.errors import CannotJudge, RowFailed
from smoltalk.rows import Row
from smoltalk.run.journal import Fate
from smoltalk.run.quotas import Quotas
from smoltalk.run.speakers import stranger
from smoltalk.text import neutralise

_Spoken = tuple[str, str, str, dict[str, object]]
"""Fate, gate or step, reason, evidence."""


class NamedGate(NamedTuple):
    """A gate and the label its rejects are filed under."""

    label: str
    gate: Gate


class Landed(NamedTuple):
    """A row that is through its steps, or failed in them."""

    row: Row
    failure: RowFailed | None = None


class Bench:
    """Holds finished rows until all rows before them are judged, then lets the gates speak.

    `decide` is called with each fate in row order; `release` once for each row that leaves the bench, judged or not.
    Rows of a full share, rows past `most` and rows after `close` leave unjudged: they are surplus, outside the books.
    A gate that needs a sample gets it from the first `calibrates_on()` rows, without the failed ones among them.
    """

    def __init__(
        self,
        gates: Sequence[NamedGate],
        quotas: Quotas,
        decide: Callable[[Fate], None],
        release: Callable[[str], None],
        most: int | None = None,
    ) -> None:
        self._gates, self._quotas = gates, quotas
        self._decide, self._release, self._most = decide, release, most
        self.decided = 0
        self._closed = False
        self._waiting: dict[int, Landed | None] = {}
        self._next = 0
        self._held: list[tuple[int, Landed]] = []
        self._needs = max((g.gate.calibrates_on() for g in gates), default=0)
        self._judges: list[tuple[str, Judge]] = []
        # Those that need no sample open at once: what is wrong with their files is said before anything is paid for.
        self._opened = {g.label: g.gate.open() for g in gates if not g.gate.calibrates_on()}
        self.surplus = 0
        self.refused = ""
        """Why a gate would not go on judging, and what to do about it; then the bench is closed."""
        if not self._needs:
            self._open()

    @property
    def calibrating(self) -> bool:
        """Whether the gates still wait for their sample."""
        return not self._judges

    def land(self, index: int, landed: Landed | None) -> None:
        """A row arrives; None is an index that bears no row because its share is full.

        One whose `messages` hold a turn that nobody may speak fails, whatever wrote it.
        """
        if landed and landed.failure is None and (failure := stranger(landed.row)):
            landed = Landed(landed.row, failure)
        self._waiting[index] = landed
        while self._next in self._waiting:
            index, self._next = self._next, self._next + 1
            waiting = self._waiting.pop(index)
            if waiting is None:
                continue
            if self._judges:
                self._judge(index, waiting)
            else:
                self._hold(index, waiting)

    def close(self) -> None:
        """Judge no more: whatever still comes is surplus."""
        self._closed = True

    def finish(self) -> None:
        """No more rows will come: judge those held for a sample that never filled."""
        if self.calibrating:
            self._open()

    def _hold(self, index: int, landed: Landed) -> None:
        self._held.append((index, landed))
        if len(self._held) >= self._needs:
            self._open()

    def _open(self) -> None:
        sample = [landed.row for _, landed in self._held if landed.failure is None]
        self._judges = [
            (label, self._opened.get(label) or gate.open(sample[: gate.calibrates_on()])) for label, gate in self._gates
        ] or [("", _KeepAll())]
        held, self._held = self._held, []
        for index, landed in held:
            self._judge(index, landed)

    def _judge(self, index: int, landed: Landed) -> None:
        row, failure = landed
        share = self._quotas.share_of(row)
        spoken = None
        if not (self._closed or self._quotas.full(share) or self.decided == self._most):
            spoken = self._verdict(row) if failure is None else _failed(failure)
        if spoken is None:
            self.surplus += 1
            self._release(share)
            return
        fate, gate, reason, evidence = spoken
        self.decided += 1
        self._quotas.decided(share, accepted=fate == "accepted")
        self._decide(
            Fate(index, row["id"], fate, gate, neutralise(reason), _json(evidence) if evidence else "{}", _json(row))
        )
        self._release(share)

    def _verdict(self, row: Row) -> _Spoken | None:
        """Fate, gate, reason and evidence; of an accepted row the evidence of each gate that gave any, by its label.

        None when a gate would not judge: the bench is closed, and says why.
        """
        told: dict[str, object] = {}
        for place, (label, judge) in enumerate(self._judges):
            try:
                verdict = judge.judge(row)
            except CannotJudge as error:
                self.refused = f"degenerate: {error}; `--set gates.{place}.degenerate=1` keeps it as it is"
                self.close()
                return None
            except Exception as error:  # a gate that trips over one row must not end the run
                return "failed", label, "gate_error", {"detail": f"{type(error).__name__}: {error}"[:500]}
            if not verdict.keep:
                return "rejected", label, verdict.reason or label, verdict.evidence
            if verdict.evidence:
                told[label] = verdict.evidence
        return "accepted", "", "", told


def _failed(failure: RowFailed) -> _Spoken:
    return "failed", failure.where, failure.kind, {"detail": failure.detail}


class _KeepAll:
    def judge(self, row: Row) -> Verdict:
        return KEEP


def _json(value: object) -> str:
    # Sorted at the top only, where it depends on which branch was faster: schemas and arguments keep their order.
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    if isinstance(value, dict):
        value = {name: value[name] for name in sorted(value, key=str)}
    try:
        return orjson.dumps(value, option=options, default=str).decode()
    except TypeError:  # text that is no UTF-8, out of somebody else's step
        return orjson.dumps(_writable(value), option=options, default=str).decode()


def _writable(value: object) -> object:
    if isinstance(value, str):
        return neutralise(value)
    if isinstance(value, Mapping):
        return {neutralise(str(key)): _writable(inner) for key, inner in value.items()}
    return [_writable(inner) for inner in value] if isinstance(value, list | tuple) else value
