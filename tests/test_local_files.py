"""What is said of a data file that is not there."""

from pathlib import Path

import pytest

from smoltalk.local_files import missing


def test_a_relative_path_says_from_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").touch()
    assert missing("data/x.jsonl", ".jsonl") == f"no file data/x.jsonl in the working directory, {tmp_path}"
    assert missing("row.jsonl", ".jsonl").endswith(f"{tmp_path}; did you mean `rows.jsonl`?")
    assert missing("/data/x.jsonl", ".jsonl") == "no file /data/x.jsonl"
    assert missing(".", ".parquet") == "folder . holds no *.parquet file"
