"""A benchmark's spec: where its dataset lies and which of its columns are what."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from smoltalk import document
from smoltalk.benchmarks.items import Item
from smoltalk.catalog import data_folder
from smoltalk.described import Described
from smoltalk.errors import Problem, UserError, nearest
from smoltalk.fields import fill, place, shown

ITEMS = 'items must be a .jsonl file, `{"question": ...}` a line'
"""What to say to who names something else."""
ALL = "all"
"""The name of every benchmark that ships."""
EXPRESSIONS = ("question", "passage", "choices", "answer")
"""The fields of a spec that are jinja2 expressions over a row's columns."""
_OTHERS = (".parquet", ".json", ".csv", ".tsv", ".txt", ".ndjson", ".gz", ".zst", ".arrow", ".npz")


_MOST_CHOICES = 1_000
"""Of one item."""


def _of_form(pattern: str, what: str) -> AfterValidator:
    """A text must be of this form; `what` says so to its author."""

    def checked(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {what}, not {shown(value)}")
        return value

    return AfterValidator(checked)


_NAME = r"[A-Za-z0-9][\w.-]*"
_Dataset = Annotated[str, _of_form(f"{_NAME}/{_NAME}", "the id of a dataset on the Hub, `owner/name`")]
_Commit = Annotated[
    str, _of_form(r"[0-9a-f]{40}", "a commit, 40 of the digits 0 to 9 and a to f, for a branch or tag moves")
]


class Spec(Described):
    """Where a benchmark comes from and which of its columns are what. The four item fields are jinja2 expressions."""

    dataset: _Dataset
    """Its id on the Hub."""
    config: str | tuple[str, ...] | None = None
    """The dataset's configuration; several are read one after another."""
    files: tuple[str, ...] = ()
    """Files of its repository (JSON lines, JSON, CSV or Parquet) to read in place of a configuration."""
    revision: _Commit | None = None
    """The commit that the rows are of; without one, whatever the Hub has when the fingerprint is built."""
    splits: tuple[str, ...] = Field(min_length=1)
    question: str
    """Columns are variables; `row["Column Name"]` reads one whose name is no word."""
    passage: str | None = None
    choices: str | None = None
    answer: str | None = None
    licence: str
    rows: int | None = Field(default=None, gt=0)
    """How many items there are on the Hub: a dataset with another number has moved. Not given where it grows."""
    example: str | None = None
    """The question of one item, or its beginning: the only text of the benchmark that is here. None for some."""

    def items(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Item]:
        """Rows of the dataset as items. Raises `UserError` for expressions that fail."""
        value = {name: self.expression(name) for name in EXPRESSIONS}
        for row in rows:
            yield Item(
                question=str(value["question"](row) or ""),
                passage=str(value["passage"](row) or ""),
                choices=self._listed(value["choices"](row)),
                answer=str(value["answer"](row) or ""),
            )

    def _listed(self, given: Any) -> tuple[str, ...]:
        if given is None:
            return ()
        if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
            what = f"is {str(given)[:40]!r}, no list"
        elif len(listed := tuple(itertools.islice(given, _MOST_CHOICES + 1))) > _MOST_CHOICES:
            what = f"has more than {_MOST_CHOICES:,} entries"
        else:
            return tuple(map(str, listed))
        raise UserError(
            [Problem("", 0, f"`choices: {self.choices}` {what}", "write an expression for a list of texts")]
        )

    def expression(self, name: str) -> Callable[[Mapping[str, Any]], Any]:
        """What one of `EXPRESSIONS` gives for a row. Raises `UserError` where it is none, or fails."""
        return _expression(name, getattr(self, name))


def _expression(name: str, written: str | None) -> Callable[[Mapping[str, Any]], Any]:
    """What the expression of a field gives for a row. Raises `UserError`."""
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    if written is None:
        return lambda _: None

    def mistake(error: Exception, row: Mapping[str, Any]) -> UserError:
        columns = f"; the dataset's columns: {', '.join(row)}" if row else ""
        return UserError([Problem("", 0, f"`{name}: {written}` cannot be worked out: {error}{columns}")])

    try:
        expression = ImmutableSandboxedEnvironment().compile_expression(written)
    except TemplateError as error:
        raise mistake(error, {}) from None

    def value(row: Mapping[str, Any]) -> Any:
        try:
            return expression({**row, "row": row})
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise mistake(error, row) from None

    return value


def folder() -> Path:
    """Where the shipped specs and fingerprints lie."""
    return data_folder("decontam")


def names() -> tuple[str, ...]:
    """Every benchmark there is a spec of, sorted."""
    return tuple(sorted(path.stem for path in folder().glob("*.yaml")))


def meant(name: str) -> tuple[str, ...]:
    """The benchmarks of that name: itself, or all whose names go on with `_` after it (`arena_hard`: both versions).

    `all` are those whose fingerprints ship. Raises `UserError` where there is none.
    """
    known = names()
    if name == ALL and (shipped := tuple(one for one in known if (folder() / f"{one}.npz").is_file())):
        return shipped
    if name in known:
        return (name,)
    if found := tuple(one for one in known if one.startswith(f"{name}_")):
        return found
    raise _unknown(name)


def _unknown(name: str) -> UserError:
    """What to say of a name without a spec; case does not count where the nearest is looked for."""
    if Path(name).suffix in _OTHERS or Path(name).exists():
        what = f"{name} is no benchmark" + (", but a folder" if Path(name).is_dir() else "")
        return UserError([Problem("", 0, what, ITEMS)])
    word = name.lower().replace("-", "_")
    begun = [one for one in names() if word and one.startswith(word)]
    near = f"did you mean {' or '.join(f'`{one}`' for one in begun)}?" if begun else nearest(word, names())
    hint = near if near.startswith("did") else "smoltalk benchmarks list names them all; " + ITEMS
    return UserError([Problem("", 0, f"no benchmark `{name}`", hint)])


def spec(name: str) -> Spec:
    """The spec of one benchmark. Raises `UserError`."""
    if name not in names():
        raise _unknown(name)
    return spec_in(folder() / f"{name}.yaml")


def spec_in(path: Path) -> Spec:
    """The spec in a file. Raises `UserError` with every mistake and its line."""
    read = document.parse(document.read_text(path, "benchmark spec"), str(path))
    if read.problems:
        raise UserError(read.problems)
    if not isinstance(read.data, dict):
        raise UserError([Problem(str(path), 1, "a spec is `key: value` lines: dataset, splits, question ...")])
    chosen, problems = None, list[Problem]()
    try:
        chosen = fill(Spec, read.data, read, (), "spec")
    except UserError as error:
        problems += error.problems
    for name in EXPRESSIONS:
        written = read.data.get(name)
        try:
            _expression(name, written if isinstance(written, str) else None)
        except UserError as error:
            problems += place(error, read, (name,))
    if chosen is None or problems:
        raise UserError(problems)
    return chosen
