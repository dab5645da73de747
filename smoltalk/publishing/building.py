"""From a run folder to a release folder: shards, pipeline, ledger, report, environment, manifest. Nothing is sent."""

import re
from collections.abc import Callable, Collection
from pathlib import Path

import orjson

from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.pipeline import Pipeline
from smoltalk.publishing.release import Entry, Release, entry, manifest
from smoltalk.publishing.secrets import Found, Secrets, own_secrets
from smoltalk.publishing.shards import Split, write_split
from smoltalk.redaction import redact, redact_yaml
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import Books

REPORT = "report.html"
_SPLIT = re.compile(r"(?P<split>\w+(?:\.\w+)*)-[\d-]+(?:of-\d+)?\.parquet")
_TOLD = 5
"""Rows with secrets that are named."""

See = Callable[[int], None]
"""Is told how many rows are written."""


def build(
    folder: RunFolder,
    pipeline: Pipeline,
    books: Books,
    work: Path,
    config: str,
    allowed: Collection[str] = (),
    see: See = lambda rows: None,
) -> Release:
    """Write the release of a closed run into `work`, a folder that is empty.

    The same run gives the same bytes. Raises `UserError` where a file holds what looks like a secret, or data/ is not
    what the books say; `WorldError` for a damaged file.
    """
    secrets, found = Secrets(own_secrets()), list[Found]()
    splits = tuple(_splits(folder, work / "data" / config, secrets, found, see))
    rows = sum(split.rows for split in splits)
    if rows != books.accepted:
        sentence = f"has {rows:,} rows in data/, and {books.accepted:,} accepted ones in its books"
        raise UserError([Problem(str(folder.path), 0, sentence, f"write the files again: smoltalk run {folder.path}")])
    about = _about(folder, pipeline, books, work / "run" / config)
    card = folder.card.read_text(encoding="utf-8")
    for file in (*about, folder.card):
        text = file.read_text(encoding="utf-8", errors="replace")
        found += [Found(file.name, "", kind) for kind in dict.fromkeys(secrets.in_text(text))]
    if found and "secrets" not in allowed:
        raise UserError(_told(folder, found))
    entries = [_entry(work, file) for file in (*(f for split in splits for f in split.files), *about)]
    last = work / "run" / config / "manifest.json"
    last.write_text(manifest(config, tuple(entries), splits), encoding="utf-8")
    entries.append(_entry(work, last))
    return Release(
        "dataset", config, tuple(sorted(entries, key=lambda one: one.path)), card, _info(config, splits), splits,
        (f"data/{config}", f"run/{config}"),
    )  # fmt: skip


def _entry(work: Path, file: Path) -> Entry:
    return entry(file.relative_to(work).as_posix(), file)


# ---------------------------------------------------------------- rows


def _splits(folder: RunFolder, out: Path, secrets: Secrets, found: list[Found], see: See) -> list[Split]:
    from pyarrow import ArrowException

    sources: dict[str, list[Path]] = {}
    for file in sorted(folder.data.glob("*.parquet")):
        if match := _SPLIT.fullmatch(file.name):
            sources.setdefault(match["split"], []).append(file)
    written, splits = 0, []
    for name in sorted(sources, key=lambda name: (name != "train", name)):
        watch = _Watch(name, secrets, found, written, see)
        try:
            splits.append(write_split(name, sources[name], out, watch))
        except (ArrowException, ValueError) as error:
            said = f"the data of {folder.path} cannot be read: {str(error).partition(chr(10))[0]}"
            raise WorldError(said, "the run's ledger", f"smoltalk run {folder.path}   writes data/ again") from error
        written += splits[-1].rows
    return splits


class _Watch:
    """Looks at every batch on its way: secrets, and how far the writing is."""

    def __init__(self, split: str, secrets: Secrets, found: list[Found], written: int, see: See) -> None:
        self._split, self._secrets, self._found, self._rows, self._see = split, secrets, found, written, see

    def __call__(self, batch: object) -> None:
        import pyarrow as pa

        assert isinstance(batch, pa.RecordBatch)
        for number, kind in self._secrets.in_rows(batch):
            ids = batch.column("id") if "id" in batch.schema.names else None
            row = str(ids[number].as_py()) if ids is not None else f"number {self._rows + number:,}"
            self._found.append(Found(f"data/{self._split}", row, kind))
        self._rows += batch.num_rows
        self._see(self._rows)


def _told(folder: RunFolder, found: list[Found]) -> list[Problem]:
    hint = (
        "look at it (smoltalk trace RUN ROW), leave such rows out or replace it and run again; if it is none, say "
        "`--allow secrets`"
    )
    unique = list(dict.fromkeys(found))
    problems = [
        Problem(str(folder.path / one.file), 0, f"{f'row {one.row} holds' if one.row else 'holds'} {one.kind}", "")
        for one in unique[:_TOLD]
    ]
    more = f"and {len(unique) - _TOLD:,} more" if len(unique) > _TOLD else ""
    return [*problems, Problem(str(folder.path), 0, f"holds what looks like secrets {more}".rstrip(), hint)]


def _info(config: str, splits: tuple[Split, ...]) -> dict[str, object]:
    """What `datasets` says of a dataset in its card: features, and rows and bytes of every split."""
    from datasets import DatasetInfo, Features, SplitInfo
    from datasets.splits import SplitDict

    told = SplitDict()
    for split in splits:
        told.add(SplitInfo(name=split.name, num_bytes=split.arrow_bytes, num_examples=split.rows))
    info = DatasetInfo(
        config_name=config,
        features=Features.from_arrow_schema(splits[0].schema),
        splits=told,
        download_size=sum(split.file_bytes for split in splits),
        dataset_size=sum(split.arrow_bytes for split in splits),
    )
    written: dict[str, object] = info._to_yaml_dict()
    return written


# ---------------------------------------------------------------- what tells how it was made


def _about(folder: RunFolder, pipeline: Pipeline, books: Books, out: Path) -> list[Path]:
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        "pipeline.yaml": redact_yaml(pipeline.text),
        "ledger.json": redact(_ledger(books)),
        "environment.json": redact(_text(folder.environment)),
    }
    if report := _text(folder.path / REPORT):
        texts[REPORT] = report
    files = []
    for name, text in texts.items():
        if text:
            files.append(out / name)
            files[-1].write_text(text, encoding="utf-8")
    return files


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _ledger(books: Books) -> str:
    """The books, without how busy engines were from moment to moment."""
    told = {name: value for name, value in books.as_json().items() if name not in ("times", "turn", "surplus")}
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n"
