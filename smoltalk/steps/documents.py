"""Rows from text files: one a document."""

import json
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from smoltalk import local_files, records
from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.sources import Licensed
from smoltalk.text import neutralise

_MAGIC = frozenset("*?[")


class Documents(Licensed):
    """One row a file, as `text` and `path`, in the order of their paths.

    A file that is no text of the wanted length fails with its place, and the rest goes on. Memory holds one at a time.
    """

    path: str = Field(min_length=1)
    """A folder, a file, or a pattern such as `notes/**/*.md`; relative to the working directory."""
    suffixes: tuple[str, ...] = Field(default=(".txt", ".md", ".rst", ".py"), min_length=1)
    """Of a folder, the files that are read, also those in folders inside it; a pattern names its files itself."""
    min_characters: int = Field(default=1, ge=1)
    """A shorter text fails; white space around it does not count."""
    max_characters: int = Field(default=200_000, gt=0, le=records.MAX_TEXT)
    """A longer text fails."""
    limit: int | None = Field(default=None, gt=0)
    """Read no more files than this."""
    repeat: int = Field(default=1, gt=0)
    """How many rows each file bears. All are read in as many rounds; the rows of a file differ by what is drawn for
    them."""

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min_characters > self.max_characters:
            raise ValueError(
                f"`min_characters` ({self.min_characters:,}) is greater than `max_characters` ({self.max_characters:,})"
            )
        if wrong := [suffix for suffix in self.suffixes if not suffix.startswith(".") or len(suffix) < 2]:
            raise ValueError(f"`suffixes` names `{wrong[0]}`: write it with its dot, such as `.txt`")
        return self

    def check(self) -> Iterator[str]:
        if self._files:
            return
        if Path(self.path).is_dir():
            yield f"folder {self.path} holds no {' or '.join(f'*{suffix}' for suffix in self.suffixes)} file"
        elif _MAGIC & set(self.path):
            yield f"no file is like {self.path}" + ("" if Path(self.path).is_absolute() else f" in {Path.cwd()}")
        else:
            yield local_files.missing(self.path, "")

    def writes(self) -> frozenset[str]:
        return frozenset({"text", "path"})

    def size(self) -> int:
        return len(self._files) * self.repeat

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        return records.repeated(self._once, self.repeat, start)

    def fingerprint(self) -> str:
        """What the YAML says, and path, size and hash of every file that can be read."""
        found = [[path, *_digest(file)] for path, file in self._files.items()]
        return json.dumps([self.model_dump(mode="json", exclude={"path", "licence"}), found], sort_keys=True)

    def _once(self, start: int) -> Iterator[Row | RowFailed]:
        for name, file in islice(self._files.items(), start, None):
            path = neutralise(name)
            try:
                yield {"text": self._text(file), "path": path}
            except records.RecordError as reason:
                yield RowFailed("unreadable", f"{path} {reason}")

    def _text(self, file: Path) -> str:
        """The document. Raises `records.RecordError`."""
        try:
            size = file.stat().st_size
            if size > 4 * self.max_characters + 3:  # a character takes four bytes of UTF-8 at most, a BOM three
                raise records.RecordError(f"is {size:,} bytes long, too much for `max_characters`")
            raw = file.read_bytes()
        except OSError as error:
            raise records.RecordError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
        if b"\0" in raw:
            raise records.RecordError("is a binary file, not text")
        try:
            text = raw.decode("utf-8-sig").replace("\r\n", "\n").strip()
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise records.RecordError(f"is not UTF-8 text (line {line})") from None
        if not text:
            raise records.RecordError("is empty")
        if len(text) < self.min_characters:
            raise records.RecordError(f"is {len(text):,} characters long, `min_characters` is {self.min_characters:,}")
        if len(text) > self.max_characters:
            raise records.RecordError(f"is {len(text):,} characters long, `max_characters` is {self.max_characters:,}")
        return neutralise(text)

    @cached_property
    def _files(self) -> dict[str, Path]:
        """Every file by its path below the folder that is read, hidden ones left out, cut to `limit`.

        Named whole, since a run may go on from another working directory.
        """
        place = Path(self.path)
        if place.is_file():
            return {place.name: place.absolute()}
        if place.is_dir():
            base = place.absolute()
            found = [file for file in base.rglob("*") if file.suffix in self.suffixes]
        else:
            parts = place.parts
            first = next((i for i, part in enumerate(parts) if _MAGIC & set(part)), len(parts))
            base = Path(*parts[:first]).absolute()
            found = list(base.glob("/".join(parts[first:]))) if first < len(parts) and base.is_dir() else []
        inside = {file.relative_to(base): file for file in found if file.is_file()}
        shown = sorted(path for path in inside if not any(part.startswith(".") for part in path.parts))
        return {path.as_posix(): inside[path] for path in shown[: self.limit]}


def _digest(file: Path) -> list[str | int]:
    try:
        return local_files.digests([file])[0][1:]
    except OSError:
        return []
