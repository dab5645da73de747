"""What stands beside a mixture's rows: the card and `environment.json`."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from smoltalk.mixing.progress import OfSource
from smoltalk.mixing.shape import Shape, is_json
from smoltalk.mixing.shards import Written
from smoltalk.mixing.spreading import Spread
from smoltalk.mixture.source import MixSource
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.mix_lines import condition
from smoltalk.pipeline.mixes import mixture
from smoltalk.run.card import card
from smoltalk.run.card_of_mixtures import Mixed
from smoltalk.run.column_types import ColumnType, PlainType
from smoltalk.run.environment import environment
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import Books
from smoltalk.run.preferences import Preferences
from smoltalk.run.row_lines import Published
from smoltalk.run.staging import Staged

_TYPES: dict[pa.DataType, PlainType] = {
    pa.int64(): "int", pa.float64(): "float", pa.bool_(): "bool", pa.string(): "string",
    pa.list_(pa.string()): "list of string", pa.list_(pa.int64()): "list of int",
    pa.list_(pa.float64()): "list of float",
}  # fmt: skip


def described(
    pipeline: Pipeline, folder: RunFolder, connection: sqlite3.Connection, staged: Staged, books: Books,
    spread: Spread, form: Shape, written: Sequence[Written], sources: Sequence[OfSource], splits: dict[str, int],
) -> None:  # fmt: skip
    """Stage the card and the environment."""
    part = mixture(pipeline)
    assert part is not None
    published = Published(
        columns={field.name: _type(field) for field in spread.fields},
        rows=books.accepted,
        turns=sum(one.turns for one in written),
        characters=sum(one.characters for one in written),
        example=next((one.example for one in written if one.example is not None), None),
        makes=pipeline.makes,
        with_calls=spread.calls,
        splits=splits,
        sources=[
            Mixed(one.name, _where(one, source, pipeline.home), one.licence, one.born, one.accepted, one.copies)
            for one, source in zip(sources, part.sources.values(), strict=True)
        ],
    )
    if len(form.conversation) > 1:
        answers = sum((one.answers for one in written), Counter[str]())
        published.preferences = Preferences(
            pairs=answers["pairs"],
            chosen_longer=answers["chosen_longer"],
            same_length=answers["same_length"],
            chosen_characters=answers["chosen_characters"],
            rejected_characters=answers["rejected_characters"],
        )
    staged.write_text(folder.card, card(pipeline, books, published))
    staged.write_text(folder.environment, environment(pipeline, connection, _commits(sources, part.sources)))


def _commits(sources: Sequence[OfSource], said: Mapping[str, MixSource]) -> dict[str, dict[str, str]]:
    """Which commit of which dataset each source of the Hub was read at."""
    return {one.name: {"dataset": str(said[one.name].hub), "commit": one.commit} for one in sources if one.commit}


def _where(one: OfSource, source: MixSource, home: Path) -> str:
    """Files and runs as they are called from the pipeline's home, from wherever the mixture is gone on with."""
    place = f"{one.origin} at {one.commit}" if one.commit else one.origin
    if source.hub is None:
        said = [source.files] if isinstance(source.files, str) else source.files or [str(source.run)]
        place = ", ".join(str(Path(p).relative_to(home)) if Path(p).is_relative_to(home) else p for p in said)
    return place + condition(source)


def _type(field: pa.Field) -> ColumnType:
    return "JSON" if is_json(field) else _TYPES[field.type]
