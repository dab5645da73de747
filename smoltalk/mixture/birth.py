"""A mixture as the source of a pipeline: where its rows are born, under which columns, and a few of them to look at."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from smoltalk import local_files
from smoltalk.contracts import Source
from smoltalk.errors import RowFailed, UserError
from smoltalk.mixture import tokenizer
from smoltalk.mixture.here import Here, look, of_source, paths_of
from smoltalk.mixture.mistakes import TURNS
from smoltalk.mixture.source import Mix, MixSource
from smoltalk.rows import Row

if TYPE_CHECKING:
    from smoltalk.chat_format.counting import TokenCounter
    from smoltalk.mixture.reading import Reader

_HASHED = 256_000_000
"""Bytes up to which a file is hashed each time its mixture is opened."""


class Mixture(Source):
    """What `mix:` of a pipeline becomes. `smoltalk.mixing` makes datasets of it; `rows` are for a preview."""

    mix: Mix
    name: str
    """The pipeline's."""
    makes: Literal["sft", "dpo"]
    """The pipeline's."""
    seed: int
    """The pipeline's."""
    carried: tuple[str, ...] = ()
    """Columns that rows need beside the conversation: what `keep` names and what gates read."""

    @property
    def sources(self) -> dict[str, MixSource]:
        """The datasets by name."""
        return self.mix.sources

    def writes(self) -> frozenset[str]:
        """All that rows can have: a column of any source. Of datasets on the Hub, those that `columns` names."""
        found = {"source_id", "turns", "instruction", *TURNS[self.makes], *(("tokens",) if self.mix.tokenizer else ())}
        for source in self.mix.sources.values():
            found |= source.columns.keys() - {"system", "user", "assistant", "id", "source"}
            found |= (_here(source).columns or frozenset()) - {"id", "source"}
        return frozenset(found)

    def licences(self) -> dict[str, str | None]:
        """The licence of each source; None where nobody says it."""
        return {name: _here(source).licence for name, source in self.mix.sources.items()}

    def size(self) -> int | None:
        return None

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        """Rows as the sources have them, one of each in turn: no limit, no gate, no order of the mixture."""
        from smoltalk.mixture.reading import opened

        count = self._counter()
        heads = [
            _head(opened(name, source, self.makes, self.carried), TURNS[self.makes], count)
            for name, source in self.mix.sources.items()
        ]
        yield from islice(_in_turn(heads), start, None)

    def _counter(self) -> "TokenCounter | None":
        from smoltalk.chat_format.counting import TokenCounter

        return TokenCounter.named(self.mix.tokenizer) if self.mix.tokenizer else None

    def fingerprint(self) -> str:
        """What the YAML says, and name, size and hash of every local file, the tokenizer's too; of large ones the time
        they were changed instead. Where a file lies does not count."""
        said = self.model_dump(mode="json")
        if self.mix.tokenizer:
            said["mix"]["tokenizer"] = tokenizer.known_by(self.mix.tokenizer)
        files = {}
        for name, source in self.mix.sources.items():
            if source.hub is None:
                said["mix"]["sources"][name] |= {"files": None, "run": None}
                with of_source(name):
                    files[name] = [_known_by(path) for path in paths_of(source)]
        return json.dumps([said, files], sort_keys=True)

    def from_home(self) -> "Mixture":
        """The same with local places named whole, so that it goes on from any working directory."""
        sources = {name: _whole(source) for name, source in self.mix.sources.items()}
        counted = self.mix.tokenizer and tokenizer.whole(self.mix.tokenizer)
        return self.model_copy(update={"mix": self.mix.model_copy(update={"sources": sources, "tokenizer": counted})})


def _known_by(path: Path) -> list[str | int]:
    size = path.stat().st_size
    return local_files.digests([path])[0] if size <= _HASHED else [path.name, size, path.stat().st_mtime_ns]


def _here(source: MixSource) -> Here:
    try:
        return look(source)
    except UserError:  # told where mistakes are told
        return Here(licence=source.licence or None)


def _whole(source: MixSource) -> MixSource:
    files = [source.files] if isinstance(source.files, str) else source.files
    whole = {"files": files and [str(Path(one).absolute()) for one in files]}
    return source.model_copy(update=whole | {"run": source.run and str(Path(source.run).absolute())})


def _head(reader: "Reader", parts: Sequence[str], counter: "TokenCounter | None") -> Iterator[Row | RowFailed]:
    """Rows of one source, and those that cannot be read."""
    for piece in reader.pieces():
        read = piece()
        yield from (_row(row, parts, counter) for row in read.batch.to_pylist())
        yield from (RowFailed("unreadable", f"{one.place} {one.detail}") for one in read.failed)


def _row(read: dict[str, Any], parts: Sequence[str], counter: "TokenCounter | None") -> Row:
    """A row as it is born, with what a mixture says of every row."""
    said = [turn for part in parts[:2] for turn in read[part]]
    users = [turn["content"] for turn in said if turn["role"] == "user"]
    row = {"instruction": users[0] if users else "", "turns": sum(turn["role"] != "system" for turn in said)}
    if counter is not None:
        row["tokens"] = counter.count([[(turn["role"], turn["content"]) for turn in said]])[0]
    return row | {name: value for name, value in read.items() if name not in ("id", "calls")}


def _in_turn(sources: list[Iterator[Row | RowFailed]]) -> Iterator[Row | RowFailed]:
    while sources:
        for one in list(sources):
            try:
                yield next(one)
            except StopIteration:
                sources.remove(one)
