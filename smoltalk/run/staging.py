"""New files replace old ones together, when all of them are whole on the disk, or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

_PREFIX = ".partial-"
"""Hidden, so that `load_dataset` on a folder with a leftover does not see it."""


class Staged:
    """Files under temporary names beside their final ones; leaving the `with` block puts them in place.

    Each is synced to the disk before the first is renamed, and renames are atomic: whatever happens, a final name holds
    the old file or the new one, whole. After an error nothing has changed. Raises `OSError`.
    """

    def __init__(self) -> None:
        self._finals: dict[Path, Path] = {}
        self._swept: list[tuple[Path, str]] = []

    def path(self, final: Path) -> Path:
        """Where to write what will be `final`."""
        final.parent.mkdir(parents=True, exist_ok=True)
        self._finals[final] = final.with_name(_PREFIX + final.name)
        return self._finals[final]

    def write_text(self, final: Path, text: str) -> None:
        """Stage a text file."""
        self.path(final).write_text(text, encoding="utf-8")

    def sweep(self, folder: Path, pattern: str) -> None:
        """Once the new files are in place, remove others in `folder` that match: an earlier session's."""
        self._swept.append((folder, pattern))

    def __enter__(self) -> "Staged":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._commit()
        finally:
            for partial in self._finals.values():
                with suppress(OSError):  # an error that is already on its way says more
                    partial.unlink()

    def _commit(self) -> None:
        for partial in self._finals.values():
            _sync(partial)
        for final, partial in self._finals.items():
            os.replace(partial, final)  # noqa: PTH105 (one name to break in a test)
        for folder, pattern in self._swept:
            for old in (*folder.glob(pattern), *folder.glob(f"{_PREFIX}*")):
                if old not in self._finals:
                    old.unlink(missing_ok=True)
        for folder in {final.parent for final in self._finals}:
            _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
