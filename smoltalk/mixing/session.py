"""A mixture from its sources to its closed books: `mix`, which goes on from wherever an earlier call was stopped.

    result = mix(pipeline, RunFolder(path), tell)

`tell` hears a `Progress` (stage, source, rows, of, seconds) from the calling thread, a few times a second and more: it
decides what to show. `Result` has the books (`books.state`: `complete`, or `stopped` with `books.why`, a sentence, and
`result.command`, what to do), a line for each source (`OfSource`) and the rows of each split. Ctrl-C comes out as
`KeyboardInterrupt`, what the world does as `WorldError` (what is kept, the command that goes on), mistakes as
`UserError`; the next call goes on in each case.
"""

import errno
import os
import shlex
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from smoltalk.errors import WorldError
from smoltalk.mixing import books as ledger_books
from smoltalk.mixing.buckets import Buckets, planned
from smoltalk.mixing.choose import Chosen, choose
from smoltalk.mixing.lost import as_they_were, is_lost
from smoltalk.mixing.progress import OfSource, Progress, Result, Stage
from smoltalk.mixing.published import described
from smoltalk.mixing.shape import Shape, shape
from smoltalk.mixing.shards import write_shards
from smoltalk.mixing.shortage import remedy
from smoltalk.mixing.sieve import Sieve
from smoltalk.mixing.sift import Sifted, sift
from smoltalk.mixing.spreading import Outcome, outcomes, sizes, spread
from smoltalk.mixing.turned_away import TurnedAway
from smoltalk.mixing.workplace import Workplace, read_json, write_json
from smoltalk.mixing.write import Writing
from smoltalk.mixture.birth import Mixture
from smoltalk.mixture.reading import Reader, opened
from smoltalk.mixture.source import wanted
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.labels import labelled_gates
from smoltalk.run import database
from smoltalk.run.folder import RunFolder, locked
from smoltalk.run.ledger import State, read_books
from smoltalk.run.session import begin
from smoltalk.run.staging import Staged

Tell = Callable[[Progress], None]

_NOTED = 1.0
"""Seconds between two notes in run.db of how far a call is, for `smoltalk status`."""


def mix(pipeline: Pipeline, folder: RunFolder, tell: Tell, threads: int | None = None) -> Result:
    """Make the mixture of a pipeline, or go on with it, in its folder.

    `threads` changes how fast, not what: the same sources give the same bytes. Raises `UserError`, `WorldError` and
    `KeyboardInterrupt`; the next call goes on.
    """
    part = pipeline.source.part
    assert isinstance(part, Mixture), "a pipeline without `mix:`"
    with _world_errors(pipeline, folder), locked(folder):
        work = _Work(pipeline, part, folder, tell, threads or os.cpu_count() or 1)
        opening = begin(pipeline, folder)
        lost = opening.done and work.is_lost()
        if opening.done and not lost:
            work.place.remove()
            return work.told()
        try:
            if lost:
                work.begin_again()
            return work.go()._replace(changed=tuple(opening.changed), lost=lost)
        except BaseException:
            work.interrupted()
            raise


class _Work:
    """One call."""

    def __init__(self, pipeline: Pipeline, mixture: Mixture, folder: RunFolder, tell: Tell, threads: int) -> None:
        self.pipeline, self.mixture, self.mix = pipeline, mixture, mixture.mix
        self.folder, self.threads = folder, threads
        self.place = Workplace.of(folder)
        self._tell, self._began, self._noted = tell, time.monotonic(), time.monotonic()

    def go(self) -> Result:
        """All stages."""
        form = shape(self.pipeline, self.mixture)
        sieve = Sieve(self.pipeline, self.mix, form)
        sifted, kept = sift(
            self._readers(form), sieve, form, self.place, self.threads,
            lambda name, rows: self._say("sift", name, rows, 0),
        )  # fmt: skip
        del sieve
        chosen = choose(
            self.pipeline, self.mix, sifted, self.place, lambda name, rows, of: self._say("choose", name, rows, of)
        )
        found = outcomes(self.mix, sifted, chosen, self.pipeline.seed)
        result = self._write(form, sifted, chosen, found)
        if result.books.state == "complete":
            self.place.remove()
        return result._replace(kept=kept)

    def told(self) -> Result:
        """What an earlier call came to."""
        with closing(database.connect(self.folder.database)) as connection:
            sources, splits = ledger_books.of_sources(connection)
            return Result(read_books(connection), sources, splits, 0, True, self._seconds(), "")

    def is_lost(self) -> bool:
        """Whether what an earlier call published is there no more, or damaged."""
        done = self.told()
        return is_lost(self.folder, done.books, done.splits)

    def begin_again(self) -> None:
        """Open closed books, so that all is written once more: of the Hub, the commits of the first time."""
        with closing(database.connect(self.folder.database, write=True)) as connection:
            sources, _ = ledger_books.of_sources(connection)
            write_json(self.place.sources, as_they_were(sources, self.mix.sources))
            database.set_meta(connection, state="interrupted", why="files of it were lost")
        begin(self.pipeline, self.folder)

    def interrupted(self) -> None:
        """Say so in the books, if they can be written at all."""
        try:
            with closing(database.connect(self.folder.database, write=True)) as connection:
                database.set_meta(connection, state="interrupted", why="it was stopped before all rows were written")
        except (WorldError, OSError):
            return

    def _readers(self, form: Shape) -> list[Reader]:
        """The sources as they are, those of the Hub at the commit of the first call."""
        before = read_json(self.place.sources) or {}
        readers = [
            opened(name, source, self.pipeline.makes, form.asked, before.get(name))
            for name, source in self.mix.sources.items()
        ]
        write_json(self.place.sources, {reader.name: reader.identity() for reader in readers})
        return readers

    def _write(self, form: Shape, sifted: Sequence[Sifted], chosen: Chosen, found: Sequence[Outcome]) -> Result:
        pipeline, folder, names = self.pipeline, self.folder, [*self.mix.splits]
        rows = {name: sum(int(one.splits[at]) for one in found) for at, name in enumerate(names)}
        wide = spread(sifted, form)
        shutil.rmtree(self.place.buckets, ignore_errors=True)
        with closing(database.connect(folder.database, write=True)) as connection, Staged() as staged:
            ledger = ledger_books.Ledger(connection)
            away = TurnedAway(folder.rejected, [label for label, _ in labelled_gates(pipeline)], staged)
            buckets = Buckets(self.place.buckets, planned(sizes(self.mix, sifted, found)), wide.schema(form))
            with closing(away), buckets:
                writing = Writing(self.mix, form, pipeline.seed, wide, chosen, buckets, away, ledger)
                born = writing.all(sifted, self.threads, lambda name, rows, of: self._say("write", name, rows, of))
            # A file without rows is one that `datasets` cannot read; of nothing at all, one still tells the columns.
            filled = {name: many for name, many in rows.items() if many} or {names[0]: 0}
            written = write_shards(buckets, filled, folder.data, staged, form.conversation, self.threads)
            staged.sweep(folder.data, "*.parquet")
            staged.sweep(folder.rejected, "*.parquet")
            ledger.count(born)
            sources = tuple(self._sources(sifted, found, writing))
            state, why, command = self._ending(sources)
            books = read_books(connection)
            books.state, books.why, books.born, books.turn = state, why, born, ""
            described(pipeline, folder, connection, staged, books, wide, form, written, sources, filled)
            books.seconds = self._seconds()
        shutil.rmtree(self.place.buckets, ignore_errors=True)
        with closing(database.connect(folder.database, write=True)) as connection:
            ledger_books.close(connection, state, why, books.seconds, sources, rows)
        return Result(books, sources, rows, 0, False, self._seconds(), command)

    def _sources(self, sifted: Sequence[Sifted], found: Sequence[Outcome], writing: Writing) -> Iterator[OfSource]:
        asked = wanted(self.mix)
        for one, outcome in zip(sifted, found, strict=True):
            name, counted = one.reader.name, writing.fates.get(one.reader.name, Counter[str]())
            yield OfSource(
                name, one.reader.origin, one.reader.licence, one.reader.commit, asked[name],
                born=sum(counted.values()), accepted=outcome.accepted, copies=outcome.copies, beyond=outcome.beyond,
                rejected=counted.get("rejected", 0) - outcome.beyond, failed=counted.get("failed", 0),
                passed_over=sum(count.passed_over for count in one.counts),
                mended=sum(count.mended for count in one.counts), tokens=outcome.tokens,
            )  # fmt: skip

    def _ending(self, sources: Sequence[OfSource]) -> tuple[State, str, str]:
        """State, why and what to do."""
        born, failed = sum(one.born for one in sources), sum(one.failed for one in sources)
        if failed > self.pipeline.target.max_failed * born:
            allowed = f"more than the {self.pipeline.target.max_failed:.0%} that `target.max_failed` allows"
            away = self.folder.rejected / "failed.parquet"
            return "stopped", f"{failed:,} of {born:,} rows failed, {allowed}", f"see why in {away}, and mend `columns`"
        lacking = [one for one in sources if one.asked is not None and one.accepted < one.asked]
        if not lacking and any(one.accepted for one in sources):
            return "complete", "", ""
        if not lacking:
            return "stopped", "no row was accepted", remedy(self.folder.path, self.mix.sources, sources)
        told = [f"`{one.name}` has {one.accepted:,} of the {one.asked:,} rows it was asked for" for one in lacking]
        return "stopped", "; ".join(told), remedy(self.folder.path, self.mix.sources, lacking)

    def _say(self, stage: Stage, source: str, rows: int, of: int) -> None:
        self._tell(Progress(stage, source, rows, of, self._seconds()))
        if stage == "write" or time.monotonic() - self._noted < _NOTED:  # a writer has the database to itself
            return
        self._noted = time.monotonic()
        with closing(database.connect(self.folder.database, write=True)) as connection:
            turn = f"{stage}: {rows:,} rows so far, now of `{source}`"
            database.set_meta(connection, turn=turn, seconds=round(self._seconds(), 3))

    def _seconds(self) -> float:
        return time.monotonic() - self._began


@contextmanager
def _world_errors(pipeline: Pipeline, folder: RunFolder) -> Iterator[None]:
    """A file or folder that fails is the world's failure, whoever touched it. Says what is kept and how to go on."""
    place = Workplace.of(folder).path
    settings = "".join(f" --set {shlex.quote(f'{key}={value}')}" for key, value in pipeline.settings.items())
    command = f"smoltalk mix {pipeline.path} --out {folder.path}{settings}"
    try:
        with database.sqlite_errors(folder.database):
            yield
    except WorldError as error:
        if error.command:
            error.kept = error.kept or _kept(place)
            raise
        raise WorldError(error.sentence, error.kept or _kept(place), command) from error
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise WorldError(
            f"the disk is full: the mixture does not fit into {folder.path}" if full
            else f"{error.strerror or error}{where}",
            kept=_kept(place),
            command=command,
        ) from error  # fmt: skip


def _kept(place: Path) -> str:
    return f"the pieces that were finished, in {place}" if place.is_dir() else ""
