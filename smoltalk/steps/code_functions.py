"""Rows from Python files: one a function that explains itself, as a seed for programming tasks."""

import ast
import json
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

from pydantic import Field

from smoltalk import local_files, records
from smoltalk.errors import RowFailed
from smoltalk.rows import Row
from smoltalk.sources import Licensed
from smoltalk.text import neutralise

Function = ast.FunctionDef | ast.AsyncFunctionDef
_LARGEST = 1_000_000
"""Bytes of a file; larger ones are data, and slow to parse."""


class CodeFunctions(Licensed):
    """One row a function with a docstring, in the order of files and lines: `code`, `name`, `docstring`, `path`.

    The filters are those of Self-OSS-Instruct's seeds (Wei et al. 2024, arXiv 2410.24198, section 3.1). A function they
    leave out is no row and is counted in `left_out`; a file that cannot be read is one row, which fails with its place.
    """

    path: str = Field(min_length=1)
    """A folder (with the folders in it), or a file; relative to the working directory."""
    returns: bool = True
    """Only functions that return a value."""
    arguments: bool = True
    """Only functions that take arguments."""
    min_lines: int = Field(default=3, ge=1)
    max_lines: int = Field(default=150, ge=1)
    banned_imports: tuple[str, ...] = (
        "argparse", "os", "subprocess", "sys", "setuptools", "distutils", "matplotlib", "seaborn",
    )  # fmt: skip
    """Files that import one of these give no rows."""
    banned_words: tuple[str, ...] = ("TODO", "FIXME", "XXX", "NotImplementedError")
    """Functions that hold one of these are left out."""
    limit: int | None = Field(default=None, gt=0)
    """Read no more functions than this."""
    repeat: int = Field(default=1, gt=0)
    """How many rows each function bears. All are read in as many rounds; the rows of a function differ by what is
    drawn for them."""

    def check(self) -> Iterator[str]:
        if not self._files:
            yield local_files.missing(self.path, ".py")
        elif next(self._seeds(left_out := Counter[str]()), None) is None:
            told = ", ".join(f"{count} {reason}" for reason, count in left_out.most_common())
            yield f"{self.path} holds no function to start from" + (f": {told}" if told else " that has a docstring")

    def writes(self) -> frozenset[str]:
        return frozenset({"code", "name", "docstring", "path"})

    def size(self) -> int:
        return self._count * self.repeat

    def rows(self, start: int = 0) -> Iterator[Row | RowFailed]:
        return records.repeated(self._once, self.repeat, start)

    def fingerprint(self) -> str:
        """What the YAML says, and name, size and hash of every file."""
        fields = self.model_dump(mode="json", exclude={"path", "licence"})
        return json.dumps([fields, local_files.digests(self._files)], sort_keys=True)

    def left_out(self) -> Counter[str]:
        """How many functions are no rows, by reason; of the files that are read until `limit` is reached."""
        reasons: Counter[str] = Counter()
        for _ in self._seeds(reasons):
            pass
        return reasons

    def _once(self, start: int) -> Iterator[Row | RowFailed]:
        return islice(self._seeds(Counter()), start, None)

    @cached_property
    def _files(self) -> list[Path]:
        place = Path(self.path)
        return sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.is_file() else []

    @cached_property
    def _count(self) -> int:
        return sum(1 for _ in self._seeds(Counter()))

    def _seeds(self, left_out: Counter[str]) -> Iterator[Row | RowFailed]:
        """Up to `limit` rows, one file in memory at a time; counts what is left out on the way."""
        return islice(self._all_seeds(left_out), self.limit)

    def _all_seeds(self, left_out: Counter[str]) -> Iterator[Row | RowFailed]:
        for file in self._files:
            try:
                source, tree = _parsed(file)
            except records.RecordError as reason:
                yield RowFailed("unreadable", f"{file.name} {reason}")
                continue
            banned = _imported(tree) & set(self.banned_imports)
            lines = source.split("\n")
            for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
                code = _segment(lines, function)
                if why := self._unfit(function, code, banned):
                    left_out[why] += 1
                else:
                    yield _row(function, code, file)

    def _unfit(self, function: Function, code: str, banned: set[str]) -> str:
        """Why a function is no seed, as the end of `3 ...`; empty when it is one."""
        lines = code.count("\n") + 1
        inside = list(ast.walk(function))
        if not (ast.get_docstring(function) or "").strip():
            return "without a docstring"
        if banned:
            return f"in files that import {', '.join(sorted(banned))}"
        if not self.min_lines <= lines <= self.max_lines:
            return f"not of {self.min_lines} to {self.max_lines} lines"
        if self.returns and not any(isinstance(node, ast.Return) and node.value is not None for node in inside):
            return "that return nothing"
        names = [
            argument.arg for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        ]
        if self.arguments and not set(names) - {"self", "cls"}:
            return "without arguments"
        if any(word in code for word in self.banned_words):
            return "with a banned word"
        return ""


def _parsed(file: Path) -> tuple[str, ast.Module]:
    """The file's text and syntax. Raises `records.RecordError`."""
    try:
        if (size := file.stat().st_size) > _LARGEST:
            raise records.RecordError(f"is {size:,} bytes long, more than {_LARGEST:,}")
        source = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        return source, ast.parse(source)
    except records.RecordError:
        raise
    except OSError as error:
        raise records.RecordError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise records.RecordError("is not UTF-8 text") from None
    except SyntaxError as error:
        raise records.RecordError(f"is not Python: {error.msg} (line {error.lineno})") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise records.RecordError(f"is not Python that can be parsed: {type(error).__name__}") from None


def _segment(lines: list[str], function: Function) -> str:
    """The function's text; `ast.get_source_segment` would part the whole file anew for each."""
    found = lines[function.lineno - 1 : function.end_lineno]
    found[-1] = found[-1].encode()[: function.end_col_offset].decode()  # columns are bytes of UTF-8
    found[0] = found[0].encode()[function.col_offset :].decode()
    return "\n".join(found)


def _imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _row(function: Function, code: str, file: Path) -> Row:
    docstring = ast.get_docstring(function) or ""
    return {"code": neutralise(code), "name": function.name, "docstring": neutralise(docstring), "path": file.name}
