"""Whether what a finished mixture published is still there and whole; what it takes to write it again."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from smoltalk.mixing.progress import OfSource
from smoltalk.mixture.source import MixSource
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import Books

_BATCH = 4_096


def is_lost(folder: RunFolder, books: Books, splits: Mapping[str, int]) -> bool:
    """Whether a file is missing, damaged, or has another number of rows than the books say. Reads all of `data/`."""
    if not (folder.card.is_file() and folder.environment.is_file()):
        return True
    if any(_rows(folder.data, f"{name}-*.parquet") != rows for name, rows in splits.items()):
        return True
    return _rows(folder.rejected, "*.parquet") != books.rejected + books.failed


def _rows(folder: Path, names: str) -> int:
    """Rows of these files, all their pages read; -1 where one of them is damaged."""
    from pyarrow.parquet import ParquetFile

    found = 0
    for path in folder.glob(names):
        try:
            with ParquetFile(path) as file:
                found += sum(batch.num_rows for batch in file.iter_batches(_BATCH))
        except Exception:  # a damaged file surfaces as whatever its decoder stumbled over
            return -1
    return found


def as_they_were(sources: Sequence[OfSource], now: Mapping[str, MixSource]) -> dict[str, list[object]]:
    """What `Reader.identity` ends with, of each source of the Hub: it is read at the commit of the first time again."""
    return {
        one.name: [[source.hub, source.config, source.split, source.revision, one.commit]]
        for one in sources
        if one.commit and (source := now.get(one.name)) is not None and source.hub
    }
