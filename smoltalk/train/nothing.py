"""What to say of rows of which none can be trained on: the first that cannot be read, or what `where` leaves out."""

from itertools import islice

from smoltalk.fields import shown
from smoltalk.mixture.reading import Reader, opened
from smoltalk.mixture.source import MixSource
from smoltalk.train.rows_written import Written

_ASKED, _VALUES = "asked_for", 5


def left(reader: Reader, written: Written, split: str) -> tuple[str, str]:
    """A sentence and a hint. Raises as reading does."""
    if written.failed:
        first, many = written.failed[0], len(written.failed)
        told = f"none of its {many:,} rows" if many > 1 else "not its only row"
        return f"{reader.origin}: {told} can be trained on, the first: {first.place}: {first.detail}", ""
    source = reader.source
    if not source.where:
        return f"{reader.origin} holds no row of `{split}` that can be trained on", ""
    asked = ", ".join(f"{name}: {shown(value)}" for name, value in source.where.items())
    sentence = f"{reader.origin} holds no row of `{split}` that `where` asks for ({asked})"
    there = [_values(reader, source, name) for name in source.where] if source.hub is None else []
    return sentence, "; ".join(filter(None, there))


def _values(reader: Reader, source: MixSource, column: str) -> str:
    """What the rows that stand first have in a column."""
    update = {
        "where": {},
        "columns": {**source.columns, _ASKED: column},
    }  # a name of its own: theirs may be one of ours
    whole = opened(reader.name, source.model_copy(update=update), reader.makes, [_ASKED])
    read = next(whole.pieces(), None)
    if read is None or _ASKED not in (batch := read().batch).schema.names:
        return ""
    found = dict.fromkeys(shown(one) for one in batch.column(_ASKED).to_pylist())
    more = " ..." if len(found) > _VALUES else ""
    return f"there is {column}: {', '.join(islice(found, _VALUES))}{more}"
