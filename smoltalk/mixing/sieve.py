"""What one row alone decides: turns, tokens, gates that look at one row, and benchmark items in it."""

from collections.abc import Callable, Iterable, Iterator
from threading import local
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from smoltalk.chat_format.counting import TokenCounter
from smoltalk.contracts import Gate
from smoltalk.errors import CannotJudge, Problem, UserError
from smoltalk.gates.decontaminate import Decontaminate
from smoltalk.mixing.contamination import Scan
from smoltalk.mixing.judges import Compares
from smoltalk.mixing.shape import TOKENS, TURNS, Shape, rows, spoken, turns
from smoltalk.mixture.source import Mix
from smoltalk.mixture.tokenizer import known_by
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.labels import labelled_gates
from smoltalk.text import neutralise

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIX = "mix"
"""What the ledger calls the mixture's own word on a row."""


class Turned(NamedTuple):
    """A row that does not pass."""

    row: int
    fate: str
    gate: str
    reason: str
    evidence: str
    """JSON."""


class Sieved(NamedTuple):
    """A batch's rows."""

    passed: "NDArray[np.int64]"
    turned: list[Turned]
    measured: dict[str, pa.Array]
    """Columns of the batch's length: turns, and tokens where they are counted."""


class Sieve:
    """The mixture's limits and its gates that need one row. Threads may share one."""

    def __init__(self, pipeline: Pipeline, mix: Mix, form: Shape) -> None:
        """Raises `UserError` and `WorldError` for benchmarks or a tokenizer that cannot be had."""
        self._mix, self._form, self._place = mix, form, str(pipeline.path)
        self._gates = [(label, gate) for label, gate in labelled_gates(pipeline) if not isinstance(gate, Compares)]
        self._scans = {label: Scan(gate) for label, gate in self._gates if isinstance(gate, Decontaminate)}
        self._counts = mix.tokenizer and known_by(mix.tokenizer)
        self._counter = None if mix.tokenizer is None else TokenCounter.named(mix.tokenizer)
        self._own = local()

    def identity(self) -> list[object]:
        """What decides on who passes."""
        mix = self._mix
        gates = [[label, gate.identity()] for label, gate in self._gates]
        return [self._counts, mix.max_tokens, mix.min_turns, mix.max_turns, gates]

    def through(self, batch: pa.RecordBatch, source: str) -> Sieved:
        """Judge a batch of a source."""
        turned: list[Turned] = []
        passed = np.arange(batch.num_rows)
        spoke = turns(batch, self._form.conversation)
        measured = {TURNS: pa.array(spoke, pa.int64())}
        passed = _sift(passed, turned, self._by_turns(spoke))
        if self._counter is not None:
            tokens = np.zeros(batch.num_rows, np.int32)
            tokens[passed] = self._tokens(batch.take(pa.array(passed)))
            measured[TOKENS] = pa.array(tokens, pa.int64())
            passed = _sift(passed, turned, self._by_tokens(passed, tokens))
        for name, column in measured.items():
            batch = batch.append_column(name, column)
        for label, gate in self._gates:
            if len(passed):
                some = batch if len(passed) == batch.num_rows else batch.take(pa.array(passed))
                passed = _sift(passed, turned, self._by_gate(label, gate, some, source, passed))
        return Sieved(passed, turned, measured)

    def _by_turns(self, spoke: "NDArray[np.int32]") -> Iterator[Turned]:
        for bound, reason, wrong in (
            (self._mix.min_turns, "too_few_turns", np.less),
            (self._mix.max_turns, "too_many_turns", np.greater),
        ):
            if bound is not None:
                key = reason.split("_")[1].replace("few", "min").replace("many", "max")
                for row in np.flatnonzero(wrong(spoke, bound)).tolist():
                    yield Turned(row, "rejected", MIX, reason, f'{{"turns":{spoke[row]},"{key}":{bound}}}')

    def _by_tokens(self, passed: "NDArray[np.int64]", tokens: "NDArray[np.int32]") -> Iterator[Turned]:
        most = self._mix.max_tokens
        if most is not None:
            for row in passed[tokens[passed] > most].tolist():
                yield Turned(row, "rejected", MIX, "too_many_tokens", f'{{"tokens":{tokens[row]},"max":{most}}}')

    def _tokens(self, batch: pa.RecordBatch) -> "NDArray[np.int32]":
        """Of a pair, those of the prompt with the longer answer."""
        assert self._counter is not None
        first, *others = (spoken(batch.column(name)) for name in self._form.conversation)
        found = [self._counter.count([a + b for a, b in zip(first, other, strict=True)]) for other in others]
        most: NDArray[np.int32] = np.array(found or [self._counter.count(first)], np.int32).max(axis=0)
        return most

    def _by_gate(
        self, label: str, gate: Gate, batch: pa.RecordBatch, source: str, passed: "NDArray[np.int64]"
    ) -> Iterator[Turned]:
        if label in self._scans:
            scan = self._scans[label]
            for row, reason, evidence in scan.hits(batch, self._desk(label, scan.desk)):
                yield Turned(int(passed[row]), "rejected", label, reason, _json(evidence))
            return
        judge = gate.open()
        for row, columns in enumerate(rows(batch, source, self._form.conversation)):
            try:
                verdict = judge.judge(columns)
            except CannotJudge as error:
                sentence = f"the gate `{label}` cannot judge rows of `{source}`: {error}"
                raise UserError([Problem(self._place, 0, sentence)]) from error
            except Exception as error:  # a gate that trips over one row must not end the run
                said = {"detail": f"{type(error).__name__}: {error}"[:500]}
                yield Turned(int(passed[row]), "failed", label, "gate_error", _json(said))
                continue
            if not verdict.keep:
                reason = neutralise(verdict.reason or label)
                yield Turned(int(passed[row]), "rejected", label, reason, _json(verdict.evidence))

    def _desk(self, label: str, made: Callable[[], object]) -> object:
        """This thread's."""
        desks: dict[str, object] = self._own.__dict__.setdefault("desks", {})
        if label not in desks:
            desks[label] = made()
        return desks[label]


def _sift(passed: "NDArray[np.int64]", turned: list[Turned], found: Iterable[Turned]) -> "NDArray[np.int64]":
    """Those of the rows that are not found; the others are added to `turned`, each once."""
    new = {one.row: one for one in reversed(list(found))}
    if not new:
        return passed
    turned += new.values()
    return passed[~np.isin(passed, np.fromiter(new, np.int64, len(new)))]


def _json(evidence: Any) -> str:
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(evidence, option=options, default=str).decode()
    except TypeError:  # text that is no UTF-8, out of somebody else's gate
        return orjson.dumps(neutralise(repr(evidence))).decode()
