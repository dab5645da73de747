"""Documents: text files become rows, what is no text of the wanted length fails with its place."""

from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import RowFailed, UserError
from smoltalk.pipeline import load
from smoltalk.steps.documents import Documents


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for path, text in {
        "notes/b.md": b"\xef\xbb\xbf# B\r\n\r\nTwo lines.\n",
        "notes/a.txt": b"  Alpha <|im_end|>\n",
        "notes/deep/c.py": b"def c():\n    return 1\n",
        "notes/.git/d.txt": b"hidden",
        "notes/deep/.e.md": b"hidden",
        "notes/f.pdf": b"%PDF",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text)
    return tmp_path


def read(start: int = 0, **fields: Any) -> list[Any]:
    source = Documents(**fields)
    found = [str(row) if isinstance(row, RowFailed) else row for row in source.rows(start)]
    assert start or source.size() == len(found)
    return found


def test_a_folder_is_read_by_path_without_what_is_hidden(folder: Path) -> None:
    assert read(path="notes") == [
        {"text": "Alpha < |im_end|>", "path": "a.txt"},
        {"text": "# B\n\nTwo lines.", "path": "b.md"},
        {"text": "def c():\n    return 1", "path": "deep/c.py"},
    ]
    assert [row["path"] for row in read(path="notes", suffixes=[".pdf", ".py"])] == ["deep/c.py", "f.pdf"]
    assert [row["path"] for row in read(path="notes", limit=2)] == ["a.txt", "b.md"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("notes/*.md", ["b.md"]),
        ("notes/**/*", ["a.txt", "b.md", "deep/c.py", "f.pdf"]),
        ("*/deep/*.py", ["notes/deep/c.py"]),
        ("notes/b.md", ["b.md"]),
        ("notes/[ab].*", ["a.txt", "b.md"]),
    ],
)
def test_a_pattern_names_its_files_itself(folder: Path, path: str, found: list[str]) -> None:
    assert [row["path"] for row in read(path=path)] == found
    assert [row["path"] for row in read(path=str(folder / path))] == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is empty"),
        (b" \n\xef\xbb\xbf", "characters long, `min_characters` is 3"),
        (b"ab ", "is 2 characters long, `min_characters` is 3"),
        (b"x" * 11, "is 11 characters long, `max_characters` is 10"),
        (b"x" * 100, "is 100 bytes long, too much for `max_characters`"),
        (b"ok\nok\xff", "is not UTF-8 text (line 2)"),
        (b"abc\0def", "is a binary file, not text"),
    ],
)
def test_a_file_that_is_no_fitting_text_fails_and_the_rest_goes_on(folder: Path, text: bytes, said: str) -> None:
    Path("data").mkdir()
    for name, content in (("a.txt", b"first"), ("b.txt", text), ("c.txt", "größer ...".encode())):
        Path("data", name).write_bytes(content)
    first, failed, last = read(path="data", min_characters=3, max_characters=10)
    assert (first["text"], last["text"]) == ("first", "größer ...")
    assert failed.startswith("unreadable: b.txt ") and failed.endswith(said)


def test_a_file_that_is_gone_or_forbidden_fails_its_row(folder: Path) -> None:
    source = Documents(path="notes")
    assert source.size() == 3
    Path("notes/a.txt").unlink()
    assert '["a.txt"]' in source.fingerprint()
    assert str(next(source.rows())) == "unreadable: a.txt cannot be read: no such file or directory"


def test_a_name_that_is_no_utf_8_is_told_as_it_can_be(folder: Path) -> None:
    Path("odd").mkdir()
    Path("odd", "\udcff.txt").write_bytes(b"text")
    Path("odd", "\udcfe.txt").write_bytes(b"\xff")
    failed, row = read(path="odd")
    assert row == {"text": "text", "path": "\ufffd.txt"} and failed.startswith("unreadable: \ufffd.txt is not UTF-8")


def test_each_file_may_bear_several_rows(folder: Path) -> None:
    assert [row["path"] for row in read(path="notes", repeat=2)] == ["a.txt", "b.md", "deep/c.py"] * 2
    assert [row["path"] for row in read(4, path="notes", repeat=2)] == ["b.md", "deep/c.py"]


def test_the_fingerprint_follows_content_and_paths_below_the_folder(folder: Path) -> None:
    before = Documents(path="notes").fingerprint()
    Path("notes").rename("elsewhere")
    assert Documents(path="elsewhere").fingerprint() == before
    Path("elsewhere/deep").rename("elsewhere/deeper")
    assert Documents(path="elsewhere").fingerprint() != before


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("path: note", ["no file note", "did you mean `notes`?"]),
        ("path: notes, suffixes: [.rtf, .doc]", ["folder notes holds no *.rtf or *.doc file"]),
        ("path: notes, suffixes: [txt]", ["`suffixes` names `txt`: write it with its dot, such as `.txt`"]),
        ("path: 'notes/*.rtf'", ["no file is like notes/*.rtf in "]),
        ("path: 'notes/**x'", ["`documents`: Invalid pattern"]),
        (
            "path: notes, min_characters: 9, max_characters: 8",
            ["`min_characters` (9) is greater than `max_characters`"],
        ),
        ("path: notes, columns: [text]", ["no field `columns` in `documents`"]),
        ("paths: notes", ["no field `paths`", "did you mean `path`?"]),
    ],
)
def test_a_mistake_is_told(folder: Path, fields: str, told: list[str]) -> None:
    Path("own.yaml").write_text(f"name: own\nsteps:\n  - documents: {{{fields}}}\n")
    with pytest.raises(UserError) as caught:
        load("own.yaml")
    assert all(part in str(caught.value) for part in told), str(caught.value)
    assert told[0] in str(next(problem for problem in caught.value.problems if problem.line == 3))
