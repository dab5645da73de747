"""Rows from a tree of topics: one a leaf, with what lies above it."""

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import Field

from smoltalk import local_files
from smoltalk.document import Document, Key, parse, read_text
from smoltalk.errors import Problem, RowFailed, UserError
from smoltalk.rows import Row
from smoltalk.sources import Licensed
from smoltalk.text import neutralise

_Path = tuple[str, ...]


class TopicTree(Licensed):
    """One row a leaf of a YAML file: mappings from topics to what is below them, lists or bare names at the end.

    Rows come shuffled, so that a small run is varied; each of `repeat` rounds bears every leaf once, in another order.
    """

    path: str = Field(min_length=1)
    """The YAML file, relative to the working directory."""
    levels: tuple[str, ...] = ()
    """The column of each level; without it `topic`, `subtopic`, `subsubtopic` and so on, as deep as the tree is."""
    repeat: int = Field(default=1, gt=0)
    """How many rows each leaf bears; they differ by their `id`, and so by what is drawn for them."""
    seed: int = 0
    """Another one shuffles anew."""

    def check(self) -> Iterator[str]:
        if not Path(self.path).is_file():
            yield local_files.missing(self.path, ".yaml")
        elif not self._leaves:
            yield f"{self.path} holds no topic"
        if len(set(self.levels)) < len(self.levels):
            yield "`levels` names a column twice"
        elif problems := list(self._uneven()):
            raise UserError(problems)

    def writes(self) -> frozenset[str]:
        return frozenset(self._columns)

    def size(self) -> int:
        return len(self._leaves) * self.repeat

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        count = max(len(self._leaves), 1)
        for turn in range(start // count, self.repeat):
            order = sorted(self._leaves, key=lambda leaf: self._rank(turn, leaf))
            for leaf in islice(order, start % count if turn == start // count else 0, None):
                yield dict(zip(self._columns, leaf, strict=True))

    def fingerprint(self) -> str:
        """What the YAML says, and the leaves in their order."""
        fields = self.model_dump(mode="json", exclude={"path", "licence"})
        text = json.dumps(list(self._leaves), ensure_ascii=True)
        return json.dumps([fields, hashlib.blake2b(text.encode(), digest_size=8).hexdigest()], sort_keys=True)

    def _rank(self, turn: int, leaf: _Path) -> bytes:
        said = json.dumps([self.seed, turn, *leaf]).encode()
        return hashlib.blake2b(said, digest_size=8).digest()

    def _uneven(self) -> Iterator[Problem]:
        """Leaves that are not as deep as the columns say."""
        wanted = len(self._columns)
        for leaf, line in self._leaves.items():
            if len(leaf) != wanted:
                ends = f"`{' > '.join(leaf)}` ends at level {len(leaf)}"
                why = f"`levels` names {wanted}" if self.levels else f"the first leaf is at level {wanted}"
                yield Problem(self.path, line, f"{ends}, and {why}", "every leaf is as deep as there are columns")

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        depth = len(next(iter(self._leaves), ()))
        return self.levels or tuple("sub" * level + "topic" for level in range(depth))

    @cached_property
    def _leaves(self) -> dict[_Path, int]:
        """Every leaf with all that is above it, and its line. Raises `UserError` with every mistake in the file."""
        if not Path(self.path).is_file():
            return {}
        document = parse(read_text(Path(self.path), "topic tree"), self.path)
        problems, found = list(document.problems), dict[_Path, int]()
        for leaf, key in _walk(document, document.data, (), (), problems):
            if leaf in found:
                sentence = f"`{' > '.join(leaf)}` is there twice"
                problems.append(document.problem(key, sentence, f"the first is at line {found[leaf]}"))
            found.setdefault(leaf, document.line(key))
        if problems:
            raise UserError(problems)
        return found


def _walk(
    document: Document, node: Any, above: _Path, key: Key, problems: list[Problem]
) -> Iterator[tuple[_Path, Key]]:
    if isinstance(node, dict):
        for name, below in node.items():
            yield from _walk(document, below, (*above, neutralise(name)), (*key, name), problems)
    elif isinstance(node, list):
        for place, item in enumerate(node):
            if item is None or item == "":
                problems.append(document.problem((*key, place), "an item of the list is empty"))
            elif isinstance(item, dict):
                yield from _walk(document, item, above, (*key, place), problems)
            elif isinstance(item, list):
                problems.append(document.problem((*key, place), "a list inside a list has no name", _FORM))
            else:
                yield (*above, _name(item)), (*key, place)
    elif node is not None:
        yield (*above, _name(node)), key
    elif above:
        yield above, key


_FORM = "write a mapping from the topic to the list of what is below it"


def _name(value: Any) -> str:
    return neutralise(value) if isinstance(value, str) else json.dumps(value)
