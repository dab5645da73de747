"""What no part can see alone: columns followed from birth to the gates, engines that are asked, an end in sight."""

import re
from collections.abc import Iterator, Mapping, Sequence

from smoltalk import catalog
from smoltalk.contracts import Source
from smoltalk.document import Document
from smoltalk.engines.pool import Pool
from smoltalk.errors import FactoryError, Problem, UserError, nearest
from smoltalk.fields import meant
from smoltalk.pipeline import kept
from smoltalk.pipeline.asked import asked_engines
from smoltalk.pipeline.cases import never_there, without_case
from smoltalk.pipeline.misread import misread
from smoltalk.pipeline.model import BORN_WITH, TRAINED_ON, Stock, Target, fills_rows
from smoltalk.pipeline.parts import Named, at, told


def follow(
    document: Document, engines: Sequence[Named], steps: Sequence[Named], gates: Sequence[Named]
) -> Iterator[Problem]:
    """Every mistake between parts. Guessed parts take part, but say nothing of their own."""
    yield from asked_engines(document, engines, steps)
    yield from _source(document, steps)
    yield from _columns(document, engines, steps, gates)
    yield from without_case(document, steps)
    yield from never_there(document, steps, gates)
    yield from _end(document, steps)
    yield from _priced(document, engines)
    yield from misread(document)


def _source(document: Document, steps: Sequence[Named]) -> Iterator[Problem]:
    if not steps and isinstance(document.data.get("steps"), list):
        yield document.problem(("steps",), "a pipeline needs steps, and the first must bear rows", _sources())
    for i, step in enumerate(steps):
        if step.part is None:
            continue
        if i == 0 and not bears_rows(step.part):
            yield at(document, step, f"the first step must bear rows, and `{step.name}` does not", _sources())
        if i > 0 and bears_rows(step.part):
            yield at(
                document, step, f"`{step.name}` bears rows, so it must be the first step", "a pipeline has one source"
            )


def bears_rows(part: object) -> bool:
    """Whether a step is a source."""
    return isinstance(part, Source) or (isinstance(part, Stock) and part.bears_rows)


def _sources() -> str:
    found = []
    for name in catalog.names("steps"):
        try:
            cls = catalog.find("steps", name)
        except UserError:
            continue
        found += [name] if issubclass(cls, Source) else []
    return f"sources: {', '.join(found)}"


def _columns(
    document: Document, engines: Sequence[Named], steps: Sequence[Named], gates: Sequence[Named]
) -> Iterator[Problem]:
    columns = _Columns(document, blind=not steps or not bears_rows(steps[0].part))
    pools = {str(e.key[1]): e for e in engines if isinstance(e.part, Pool) and e.sound}
    for i, step in enumerate(steps):
        yield from columns.read(step, steps[i + 1 :])
        yield from columns.route(step, pools)
        yield from columns.write(step, born=i == 0)
    for gate in gates:
        yield from columns.read(gate)
    yield from columns.conversation()
    yield from kept.mistakes(
        document, gates, columns.writer, lambda column: not (columns.blind or columns.excused(column))
    )


class _Columns:
    """The columns there are, from birth downwards.

    `blind`: something above writes columns that cannot be told, so that no column can be called missing.
    """

    def __init__(self, document: Document, blind: bool) -> None:
        self.document, self.blind = document, blind
        self.writer: dict[str, Named | None] = dict.fromkeys(BORN_WITH)
        self.born: frozenset[str] = frozenset()
        """Columns that the source says rows are born with."""
        self.along: dict[str, frozenset[str]] = {}
        """For each column, the columns that a row with it always has."""
        self.doubtful: set[str] = set()
        """Words of a mistaken source: a column that is near to one of them may be what it was to write."""

    def read(self, part: Named, below: Sequence[Named] = ()) -> Iterator[Problem]:
        """What the part reads that nothing above it writes."""
        reads = told(part, "reads", self.document)
        if isinstance(reads, list):
            yield from reads
            return
        for column in sorted(reads - self.writer.keys()) if not self.blind else ():
            if self.excused(column):
                continue
            nobody = "nothing above it writes" if self.document.data.get("mix") is None else "no source has"
            sentence = f"`{part.name}` reads column `{column}`, which {nobody}"
            hint = nearest(column, self.writer)
            for step in below:
                writes = told(step, "writes", self.document)
                if not isinstance(writes, list) and column in writes:
                    hint = f"`{step.name}` at line {step.line} writes it: move that up"
            yield at(self.document, part, sentence, hint)

    def route(self, step: Named, pools: Mapping[str, Named]) -> Iterator[Problem]:
        """Columns by which a pool chooses and which rows may not have when the step asks it."""
        asked = told(step, "engines", self.document)
        for name in sorted(asked & pools.keys()) if not isinstance(asked, list) and not self.blind else ():
            pool = pools[name]
            column, there = pool.part.column, self.before(step)
            if pool.part.route != "by_column" or column is None or column in there or self.excused(column):
                continue
            why = f"for which `{step.name}` at line {step.line} does not wait"
            if column not in self.writer:
                why = f"which nothing above `{step.name}` at line {step.line} writes"
            sentence = f"pool `{name}` chooses by column `{column}`, {why}"
            yield self.document.problem((*pool.key, pool.name, "column"), sentence, nearest(column, there))

    def before(self, step: Named) -> frozenset[str]:
        """The columns that a row is sure to have when the step begins: steps run as soon as what they read is there."""
        reads = told(step, "reads", self.document)
        born = step.part.born_with() if isinstance(step.part, Source) else self.born
        return BORN_WITH.union(born, *(self.along.get(c, ()) for c in (reads if not isinstance(reads, list) else ())))

    def conversation(self) -> Iterator[Problem]:
        """Rows that are to be published must hold what `rows.conversation` reads, or the two answers of a pair."""
        if self.document.data.get("makes") == "dpo":
            yield from self._pair()
            return
        missing = {"instruction", "response"} - self.writer.keys()
        if self.blind or not missing or "messages" in self.writer or any(map(self.excused, {*missing, "messages"})):
            return
        sentence = "no step writes `messages`, nor both `instruction` and `response`, so no row is a conversation"
        ways = {
            "instruction": "a source that reads a column of its file as it, `columns: {instruction: question}`",
            "response": "an `ask` whose template writes it, such as `answer`",
        }
        hint = "; ".join(f"`{column}` can come from {way}" for column, way in ways.items() if column in missing)
        yield self.document.problem(("steps",), sentence, hint)

    def _pair(self) -> Iterator[Problem]:
        missing = [column for column in TRAINED_ON["dpo"] if column not in self.writer]
        if self.blind or not missing or any(map(self.excused, missing)):
            return
        columns = " and ".join(f"`{column}`" for column in missing)
        sentence = f"`makes: dpo` publishes pairs of answers, and no step writes {columns}"
        hint = "the step `choose` does, from the answers that `answers` writes"
        yield self.document.problem(("makes",), sentence, hint)

    def excused(self, column: str) -> bool:
        """Whether that it is missing may follow from a mistake in the source, which is told there."""
        return bool(meant(nearest(column, self.doubtful)))

    def write(self, step: Named, born: bool) -> Iterator[Problem]:
        """Adds the step's columns; what it writes must be new."""
        writes = told(step, "writes", self.document)
        if isinstance(writes, list):
            yield from writes
            self.blind = True
            return
        stock = isinstance(step.part, Stock)
        untold = step.part is None or (stock and step.part.columns is None) or (not step.sound and not writes)
        self.blind |= untold
        if born and isinstance(step.part, Source):
            writes = step.part.born_with() | (writes if fills_rows(step.part) else frozenset())
        if born:
            self.born = step.part.born_with() if isinstance(step.part, Source) else writes
        self.along |= dict.fromkeys(writes, self.before(step) | writes)
        if born and isinstance(step.part, Source) and not step.sound:
            self.doubtful |= set(re.findall(r"\w+", str(step.part.model_dump())))
        for column in sorted(writes):
            earlier = self.writer.get(column)
            if column in _fixed(step, born):
                hint = "`output_mappings` gives it another name" if stock else ""
                yield at(
                    self.document, step, f"`{step.name}` writes column `{column}`, which every row is born with", hint
                )
            elif earlier is not None and not stock:
                sentence = f"`{step.name}` writes column `{column}`, which is written already"
                yield at(self.document, step, sentence, f"by `{earlier.name}` at line {earlier.line}")
            self.writer.setdefault(column, step)


def _fixed(step: Named, born: bool) -> frozenset[str]:
    """The columns of a newborn row that the step may not write. A source may say where its rows are from, and a stock
    step hand on what it was given."""
    if born:
        return frozenset({"id"})
    return BORN_WITH - step.part.reads() if isinstance(step.part, Stock) else BORN_WITH


def _end(document: Document, steps: Sequence[Named]) -> Iterator[Problem]:
    source = steps[0] if steps else None
    if source is None or not isinstance(source.part, Source):
        return
    target = document.data.get("target")
    target = target if isinstance(target, dict) else {}
    misspelt = target.keys() - Target.model_fields.keys()
    try:
        endless = fills_rows(source.part) and source.part.size() is None
        shares = source.part.shares()
    except (FactoryError, OSError, ValueError):
        return
    if endless and not misspelt and not target.keys() & {"accepted", "max_attempts"}:
        yield at(
            document,
            source,
            f"`{source.name}` never runs out of rows, and nothing says when to stop",
            "add `target: {accepted: 1000}`",
        )
    if shares and shares[0] not in source.part.born_with():
        yield at(document, source, f"`{source.name}` shares rows by column `{shares[0]}`, which they are not born with")


def _priced(document: Document, engines: Sequence[Named]) -> Iterator[Problem]:
    """A limit on money that nothing counts. Engines of other packages may know of prices that they do not declare."""
    target = document.data.get("target")
    ours = all(type(engine.part).__module__.startswith("smoltalk.engines.") for engine in engines)
    if not (isinstance(target, dict) and target.get("max_cost") is not None and engines and ours):
        return
    if not any(getattr(engine.part, "price", None) for engine in engines):
        hint = "give it to the engine that is paid for: `price: {input: 0.4, output: 1.6}`, per million tokens"
        yield document.problem(("target", "max_cost"), "`max_cost` is never met: no engine has a `price`", hint)
