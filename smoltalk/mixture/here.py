"""What can be known of a source without reading it: files and runs of this machine, their columns and rows."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from smoltalk.document import parse, read_text
from smoltalk.errors import Problem, UserError, nearest
from smoltalk.fields import meant, shown
from smoltalk.mixture.source import MixSource

_SAMPLE_LINES, _SAMPLE_BYTES = 100, 4_000_000
"""Of a JSON Lines file, what is looked at: a column that none of these rows has is not there."""
_BLANK_BYTES = 65_536
"""A file of more bytes holds something."""


class Here(NamedTuple):
    """A source on this machine, looked at from outside."""

    columns: frozenset[str] | None = None
    """None where that cannot be told: a dataset on the Hub, a file whose first lines are no rows."""
    rows: int | None = None
    """None where only reading would tell."""
    licence: str | None = None
    """What the YAML says; of a run, what its pipeline says where the YAML is silent."""
    makes: str | None = None
    """The form of a run's rows; None for other sources."""
    texts: frozenset[str] = frozenset()
    """Columns in which there are single texts, as far as was looked."""


def look(source: MixSource) -> Here:
    """Raises `UserError`, its problems without a path, where there is nothing to read or a run's books are open."""
    try:
        if source.run is not None:
            return _run(source, source.run)
        if source.files is not None:
            paths = paths_of(source)
            _are_utf8(paths)
            columns, texts = _columns(paths)
            return Here(columns, _rows(paths), source.licence or None, None, texts)
    except (OSError, ValueError) as error:  # a name too long for the disk, one with a NUL, a folder that is locked
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        place = shown(source.run or source.files)
        raise UserError([Problem("", 0, f"{place} cannot be looked into: {said.lower()}")]) from None
    return Here(licence=source.licence or None)


@contextmanager
def of_source(name: str) -> Iterator[None]:
    """Problems of `look` and `paths_of` with the source for a path: for when no line of the YAML is at hand."""
    try:
        yield
    except UserError as error:
        raise UserError(replace(one, path=one.path or f"mix.sources.{name}") for one in error.problems) from None


def paths_of(source: MixSource) -> tuple[Path, ...]:
    """The files of a local source in the order they are read; () for one on the Hub. Raises `UserError`."""
    if source.run is not None:
        return tuple(sorted((Path(source.run) / "data").glob("*.parquet")))
    if source.files is not None:
        return _paths([source.files] if isinstance(source.files, str) else source.files)
    return ()


def _paths(data: Sequence[str]) -> tuple[Path, ...]:
    from smoltalk.decontamination.parts import files

    if not data:
        raise UserError([Problem("", 0, "`files` names none")])
    try:
        found = files([*data, *data[:1]])  # twice the first: a single name could be meant as one on the Hub
    except UserError as error:
        told = {f"{p.path} {p.sentence}" if "no such" not in p.sentence else f"there is no `{p.path}`": p.hint
                for p in error.problems}  # fmt: skip
        forms = "JSON Lines (.jsonl, .ndjson) and Parquet are read" if any(map(_is_of_another_form, data)) else ""
        raise UserError([Problem("", 0, sentence, hint or forms) for sentence, hint in told.items()]) from None
    return found.paths if found else ()


def _is_of_another_form(name: str) -> bool:
    from smoltalk.decontamination.forms import OTHERS

    return Path(name).suffix in OTHERS


# ---------------------------------------------------------------- runs


def _run(source: MixSource, place: str) -> Here:
    folder = Path(place)
    if not (folder / "run.db").is_file():
        what = "there is no folder" if not folder.exists() else "no run was made in"
        hint = "`run` is the folder that `smoltalk run` or `smoltalk mix` wrote; other data is named by `files`"
        if not folder.exists() and folder.parent.is_dir():
            near = nearest(place, [str(one) for one in folder.parent.iterdir()])
            hint = near if meant(near) else hint
        raise UserError([Problem("", 0, f"{what} `{place}`", hint)])
    state = _meta(folder, "state")
    if state not in ("complete", "stopped"):
        raise UserError([Problem("", 0, f"the run in `{place}` is not finished", f"go on with: smoltalk run {place}")])
    files = paths_of(source)
    if not files:
        raise UserError([Problem("", 0, f"the run in `{place}` has no accepted rows")])
    head = _head(folder)
    said = source.licence or _meta_setting(folder, "licence") or head.get("licence")
    makes = _meta_setting(folder, "makes") or head.get("makes") or "sft"
    columns, texts = _columns(files)
    return Here(columns, _rows(files), said if isinstance(said, str) else None, str(makes), texts)


def _meta(folder: Path, key: str) -> str:
    """A word of the run about itself. Raises `UserError` where run.db cannot be read."""
    file = folder / "run.db"
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    except sqlite3.Error as error:
        raise UserError([Problem("", 0, f"`{file}` cannot be read: {error}")]) from None
    return str(found[0]) if found else ""


def _meta_setting(folder: Path, key: str) -> Any:
    """What `--set` made of a key when the run was made."""
    with suppress(ValueError, UserError):
        text = orjson.loads(_meta(folder, "settings") or "{}").get(key)
        return parse(text, key).data if isinstance(text, str) else None
    return None


def _head(folder: Path) -> dict[str, Any]:
    file = folder / "pipeline.yaml"
    try:
        data = parse(read_text(file, "pipeline"), str(file)).data
    except UserError:  # what is wrong with it is its own run's business
        return {}
    return data if isinstance(data, dict) else {}


# ---------------------------------------------------------------- columns and rows


def _columns(paths: Sequence[Path]) -> tuple[frozenset[str] | None, frozenset[str]]:
    """The columns of all files, None when one cannot be told, and those of them in which there are texts."""
    found: set[tuple[str, bool]] = set()
    for path in paths:
        names = _schema(path) if path.suffix == ".parquet" else _keys(path)
        if names is None:
            return None, frozenset()
        found |= names
    return frozenset(name for name, _ in found), frozenset(name for name, is_text in found if is_text)


def _schema(path: Path) -> set[tuple[str, bool]] | None:
    """Names, and whether there are texts."""
    import pyarrow.parquet as pq  # a quarter of a second

    try:
        return {(field.name, "string" in str(field.type).partition("<")[0]) for field in pq.read_schema(path)}
    except (
        Exception
    ):  # a damaged footer surfaces as whatever its decoder stumbled over; the run tells it with its place
        return None


def _are_utf8(paths: Sequence[Path]) -> None:
    """Raises `UserError` for files of JSON Lines in another encoding, of which no line could be read. Single bytes that
    are no UTF-8 are told when they are read."""
    wrong = {path: name for path in paths if path.suffix != ".parquet" and (name := _encoding(path))}
    if wrong:
        hint = "save it as UTF-8: iconv -f {} -t UTF-8 {} > NEW"
        raise UserError(
            Problem("", 0, f"`{path}` is {name}, and JSON Lines are UTF-8", hint.format(name, path))
            for path, name in wrong.items()
        )


def _encoding(path: Path) -> str:
    """`UTF-16`, `UTF-32`, or nothing where it may be UTF-8: JSON begins with two characters of ASCII."""
    with path.open("rb") as file:
        head = file.read(4)
    nothing = [not one for one in head]
    if head in (b"\xff\xfe\0\0", b"\0\0\xfe\xff") or nothing in ([False, True, True, True], [True, True, True, False]):
        return "UTF-32"
    marked = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    return "UTF-16" if marked or nothing in ([False, True] * 2, [True, False] * 2) else ""


def _keys(path: Path) -> set[tuple[str, bool]] | None:
    """Keys of the first rows of a JSON Lines file, and whether a text is under them."""
    found: set[tuple[str, bool]] = set()
    for line in _first_lines(path):
        with suppress(ValueError):
            record = orjson.loads(line)
            if isinstance(record, dict):
                found |= {(key, isinstance(value, str)) for key, value in record.items()}
    return found or None


def _is_blank(path: Path) -> bool:
    """Whether a JSON Lines file has no line with anything in it."""
    return path.stat().st_size <= _BLANK_BYTES and not path.read_bytes().strip()


def _first_lines(path: Path) -> Iterator[bytes]:
    with suppress(OSError), path.open("rb") as file:
        yield from islice(file.read(_SAMPLE_BYTES).splitlines(), _SAMPLE_LINES)


def _rows(paths: Sequence[Path]) -> int | None:
    """Rows that the footers of Parquet files promise; None where a file has no footer and holds anything."""
    paths = [path for path in paths if path.suffix == ".parquet" or not _is_blank(path)]
    if any(path.suffix != ".parquet" for path in paths):
        return None
    import pyarrow.parquet as pq

    try:
        return sum(int(pq.read_metadata(path).num_rows) for path in paths)
    except Exception:  # as above
        return None
