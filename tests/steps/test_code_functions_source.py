"""Code_functions: functions with docstrings become rows, others are counted."""

import ast
from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import RowFailed
from smoltalk.steps.code_functions import CodeFunctions

GOOD = 'def double(x):\n    """Double it."""\n    return 2 * x\n'
UNFIT = {
    "without a docstring": "def f(x):\n    # nothing\n    return x",
    "that return nothing": 'def f(x):\n    """Print."""\n    print(x)',
    "without arguments": 'def f():\n    """One."""\n    return 1',
    "with a banned word": 'def f(x):\n    """Half."""\n    # TODO\n    return x',
    "not of 3 to 150 lines": 'def f(x): "One line."; return x',
    "in files that import os": 'import os.path\ndef f(x):\n    """Join."""\n    return os.path.join(x)',
}


def source(folder: Path, **fields: object) -> CodeFunctions:
    return CodeFunctions(path=str(folder), **fields)


def test_a_row_is_a_function_that_explains_itself(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.py").write_text(
        "class A:\n    " + GOOD.replace("\n    ", "\n        ").replace("(x)", "(self, x)")
    )
    (tmp_path / "a.py").write_text("x = 1\n" + GOOD + "\nasync " + GOOD)
    rows = list(source(tmp_path).rows())
    assert rows[0] == {"code": GOOD.strip(), "name": "double", "docstring": "Double it.", "path": "a.py"}
    assert [row["path"] for row in rows if isinstance(row, dict)] == ["a.py", "a.py", "b.py"]
    assert list(source(tmp_path).rows(2)) == rows[2:]
    assert source(tmp_path).size() == 3
    repeated = source(tmp_path, repeat=2, limit=2)
    assert repeated.size() == len(list(repeated.rows())) == 4


@pytest.mark.parametrize("why", UNFIT)
def test_what_is_left_out_is_counted(tmp_path: Path, why: str) -> None:
    (tmp_path / "a.py").write_text(UNFIT[why])
    found = source(tmp_path)
    assert (list(found.rows()), found.left_out()) == ([], {why: 1})
    assert list(found.check()) == [f"{tmp_path} holds no function to start from: 1 {why}"]


def test_filters_can_be_put_aside(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "\n".join(code for why, code in UNFIT.items() if why not in ("without a docstring", "in files that import os"))
    )
    everything = source(tmp_path, returns=False, arguments=False, min_lines=1, banned_words=())
    assert everything.size() == 4


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"def f(:", "is not Python: "),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"x = 1\0", "is not Python"),
        (b"(" * 10_000, "is not Python"),
        (b"#" * 1_000_001, "is 1,000,001 bytes long"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_row_that_fails(tmp_path: Path, raw: bytes, why: str) -> None:
    (tmp_path / "bad.py").write_bytes(raw)
    (tmp_path / "good.py").write_text(GOOD)
    first, second = source(tmp_path).rows()
    assert isinstance(first, RowFailed) and f"bad.py {why}" in first.detail
    assert isinstance(second, dict)


def test_the_same_file_is_the_same_source(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(GOOD)
    before = source(tmp_path).fingerprint()
    assert source(tmp_path).fingerprint() == before
    assert source(tmp_path, repeat=2).fingerprint() != before
    (tmp_path / "a.py").write_text(GOOD + "\n")
    assert source(tmp_path).fingerprint() != before


def test_a_missing_path_is_said(tmp_path: Path) -> None:
    assert "no file" in next(source(tmp_path / "no").check())
    assert "holds no *.py file" in next(source(tmp_path).check())


def test_files_behind_the_limit_are_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.py").write_text(GOOD + "\n" + GOOD)
    parsed: list[str] = []
    parse = ast.parse

    def counting(source: str, *rest: Any) -> ast.Module:
        parsed.append(source)
        return parse(source, *rest)

    monkeypatch.setattr(ast, "parse", counting)
    few = source(tmp_path, limit=3)
    assert (list(few.check()), len(parsed)) == ([], 1)
    assert (few.size(), few.size(), len(parsed)) == (3, 3, 3)
    assert (len(list(few.rows())), len(parsed)) == (3, 5)
    next(iter(source(tmp_path).rows()))
    assert len(parsed) == 6


def test_code_is_the_text_of_the_function_whatever_ends_its_lines(tmp_path: Path) -> None:
    code = 'def é(x):\n    """Ünï\u2028\x0c code."""\n    return "ß" + x'
    (tmp_path / "a.py").write_bytes(f"class A:\r\n    y = 1; z = 2\r\n{code}; w = 3\r\n".encode())
    (tmp_path / "b.py").write_bytes(code.replace("\n", "\r\n").encode())
    found = [row["code"] for row in source(tmp_path).rows() if isinstance(row, dict)]
    assert found[1:] == [code] and found[0].startswith(code)
