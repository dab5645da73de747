"""A source of a mixture as pieces: its rows in order, in Arrow, under the mixture's columns."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from smoltalk.errors import UserError
from smoltalk.mixture.here import look, of_source, paths_of
from smoltalk.mixture.layout import Layout, Makes, layout, missing
from smoltalk.mixture.piece import Failed, Piece
from smoltalk.mixture.source import MixSource

if TYPE_CHECKING:
    from smoltalk.decontamination.hub import OnHub
    from smoltalk.decontamination.parts import Part
    from smoltalk.mixture.stretches import Read, Stretch

__all__ = ["Failed", "Piece", "Reader", "opened"]


def _none(number: int) -> bool:
    return False


class _Begun(NamedTuple):
    """A stream from the Hub whose first part was looked at."""

    first: "Part"
    rest: "Iterator[Part]"


@dataclass(frozen=True, slots=True)
class Reader:
    """A source that was found and looked into."""

    name: str
    source: MixSource
    makes: Makes
    columns: tuple[str, ...]
    origin: str
    """What it is, for people: `org/name (config, split)`, the files or the run's folder as the YAML writes them."""
    licence: str | None
    """The source's `licence`; of a run, that of its pipeline where the source says none."""
    size: int
    """Bytes on disk, 0 where nobody knows: for the progress bar."""
    _paths: tuple[Path, ...]
    _hub: "OnHub | None"
    _begun: list[_Begun]
    """What was begun when the source was looked at: one stream or none."""

    @property
    def commit(self) -> str | None:
        """Of a dataset on the Hub: the commit that is read."""
        return self._hub.commit if self._hub else None

    def identity(self) -> list[object]:
        """JSON of what, when changed, makes these other rows: files with sizes and times, or the commit, and the
        source's fields that decide on rows (not shares)."""
        files = [[str(path.absolute()), path.stat().st_size, path.stat().st_mtime_ns] for path in self._paths]
        where: Any = self._hub.identity() if self._hub else files
        said = self.source.model_dump(mode="json", include={"columns", "where"})
        return [self.name, self.makes, list(self.columns), said, where]

    def pieces(self, done: Callable[[int], bool] = _none) -> Iterator[Callable[[], Piece]]:
        """All pieces in order, those of numbers that are `done` left out; each is read where it is called.

        Pull from one thread, call in any. Raises `UserError` for a damaged file, `WorldError` for a Hub that is gone;
        the callables do so as well.
        """
        found = layout(self.source, self.makes, self.columns)
        stretches = self._from_hub(found, done) if self._hub else self._from_files(found, done)
        for number, read in stretches:
            if not done(number):
                yield partial(self._piece, found, number, read)

    def _piece(self, found: Layout, number: int, read: "Read") -> Piece:
        from smoltalk.mixture.assembling import Told, assembled

        return assembled(Told(self.name, self.source, found), number, read())

    def _from_files(self, found: Layout, done: Callable[[int], bool]) -> "Iterator[tuple[int, Read]]":
        from smoltalk.mixture.stretches import of_parquet, shown
        from smoltalk.mixture.stretches_of_lines import of_lines

        number = 0
        names = shown(self._paths)
        for path in self._paths:
            if path.suffix == ".parquet":
                stretches = of_parquet(path, names[path], found.read, number, done)
            else:
                stretches = of_lines(path, names[path], found.read, number)
            for stretch in stretches:
                yield stretch
                number = stretch[0] + 1

    def _from_hub(self, found: Layout, done: Callable[[int], bool]) -> "Iterator[tuple[int, Read]]":
        assert self._hub is not None
        if self._begun and not done(0):
            begun = self._begun.pop()
            parts = iter([begun.first])
            rest = begun.rest
        else:
            parts, rest = iter(()), self._hub.parts(done)
        first = 0
        for one in (parts, rest):
            for part in one:
                (block,) = part.read() if not done(part.number) else (None,)
                if block is None:
                    continue
                first = part.number * HUB_ROWS
                yield part.number, partial(_of_hub, self._hub.split, first, block.table, found)


HUB_ROWS = 4_096
"""Rows of a part of a dataset on the Hub."""


def _of_hub(split: str, first: int, table: Any, found: Layout) -> "Stretch":
    from smoltalk.mixture.stretches import of_table

    return of_table(split, first, table, found.read)


def opened(
    name: str,
    source: MixSource,
    makes: Makes,
    columns: Collection[str] = (),
    before: object = None,
) -> Reader:
    """Find the source and look at its head.

    `columns` are ours, beside those of the conversation: what `keep` names and what gates read. A name that `columns`
    of the source does not map is theirs as well. `before` is the `identity` of an earlier call, whose commit is read
    again. Raises `UserError` where there is nothing to read, a column is missing or holds no turns, a run's books are
    open; `WorldError` for a Hub that does not answer.
    """
    if source.hub is not None:
        return _on_hub(name, source, makes, tuple(columns), before)
    with of_source(name):
        here, paths = look(source), paths_of(source)
    if here.columns is not None:
        _all_there(name, source, layout(source, makes, columns), tuple(here.columns))
    said = [source.files] if isinstance(source.files, str) else source.files or [str(source.run)]
    size = sum(path.stat().st_size for path in paths)
    return Reader(name, source, makes, tuple(columns), ", ".join(said), here.licence, size, paths, None, [])


def _on_hub(name: str, source: MixSource, makes: Makes, columns: tuple[str, ...], before: object) -> Reader:
    from smoltalk.decontamination.hub import OnHub

    earlier = before[-1] if isinstance(before, list) and before else None
    hub = OnHub(str(source.hub), source.config, source.split, source.revision).pinned(earlier)
    parts = hub.parts(_none)
    begun = []
    if first := next(parts, None):
        (block,) = first.read()
        _all_there(name, source, layout(source, makes, columns), block.table.schema.names)
        begun.append(_Begun(first, parts))
    said = ", ".join(one for one in (source.config, source.split) if one)
    return Reader(name, source, makes, columns, f"{source.hub} ({said})", source.licence, 0, (), hub, begun)


def _all_there(name: str, source: MixSource, found: Layout, there: Collection[str]) -> None:
    problem: UserError | None = missing(name, source, found, list(there))
    if problem:
        raise problem
