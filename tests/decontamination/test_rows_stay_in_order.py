"""Files of rows sort by name as their rows do, whatever columns come and go, and whoever sorts the names."""

import json
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.cli.dedup import Way, dedup
from smoltalk.decontamination import lines
from smoltalk.decontamination.folder import OutFolder
from smoltalk.decontamination.row_files import RowFiles
from tests.decontamination.conftest import PLAIN, Call, jsonl

COUNT = 60


@pytest.fixture
def changing(harbour: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """`data.jsonl`, whose rows get a column on the way; the ids in their order."""
    monkeypatch.setattr(lines, "_BLOCK", 1_000)
    rows = [{"id": f"r{n:02}", "text": f"{PLAIN} {n}", **({"more": n} if n > COUNT // 3 else {})} for n in range(COUNT)]
    broken = [{"id": f"s{n:02}", "text": f"{PLAIN} {n} s"} for n in range(COUNT)]
    jsonl(harbour.with_name("data.jsonl"), [*rows, "{broken", *broken])
    return [f"{kind}{n:02}" for kind in "rs" for n in range(COUNT)]


def test_clean_rows_are_read_in_the_order_of_the_data(call: Call, changing: list[str]) -> None:
    assert call("data.jsonl").code == 0
    names = [path.name for path in Path("out/clean").iterdir()]
    assert len(names) == 2
    assert pq.read_table("out/clean")["id"].to_pylist() == changing
    by_letters_alone = sorted(names, key=lambda name: "".join(filter(str.isalnum, name)))  # as `ls` of many locales
    assert by_letters_alone == sorted(names)
    assert [i for name in sorted(names) for i in pq.read_table(f"out/clean/{name}")["id"].to_pylist()] == changing


def test_of_a_repeated_row_the_first_stays_after_decontaminating(call: Call, changing: list[str]) -> None:
    first = json.loads(Path("data.jsonl").read_text().partition("\n")[0])
    with Path("data.jsonl").open("a") as stream:
        stream.write(json.dumps(first | {"id": "again", "more": 3}) + "\n")
    assert call("data.jsonl").code == 0
    dedup(["out/clean"], Way.exact, Path("deduplicated"), on=["text"])
    assert pq.read_table("deduplicated/kept")["id"].to_pylist() == changing
    again = pq.read_table("deduplicated/duplicates").to_pylist()
    assert [(row["id"], row["duplicate_of"]) for row in again] == [("again", "r00")]


def test_a_schema_that_comes_again_has_a_file_of_its_own(tmp_path: Path) -> None:
    folder = OutFolder(tmp_path)
    with ExitStack() as stack:
        files = RowFiles(0, folder, stack)
        for n, name in enumerate("aabba"):
            files.write("clean", pa.RecordBatch.from_pydict({"n": [n], name: ["x"]}))
    assert [pq.read_table(path)["n"].to_pylist() for path in folder.files("clean")] == [[0, 1], [2, 3], [4]]


def test_rows_of_an_earlier_version_are_not_gone_on_with(call: Call, changing: list[str]) -> None:
    assert call("data.jsonl").code == 0
    for number, path in enumerate(sorted(Path("out/clean").iterdir())):
        path.rename(path.with_name(f"part-00000{f'-{number}' if number else ''}.parquet"))
    said = call("data.jsonl")
    assert said.code == 2
    assert "holds the rows of an earlier version" in said.err
    assert "name a new folder: --out FOLDER" in said.err


@pytest.mark.parametrize("left", ["{", "[]", "", None])
def test_a_damaged_note_of_the_call_is_a_sentence(call: Call, changing: list[str], left: str | None) -> None:
    assert call("data.jsonl").code == 0
    note = Path("out/.parts/job.json")
    note.unlink() if left is None else note.write_text(left)
    said = call("data.jsonl")
    assert said.code == 2
    assert "out holds rows, and what they were made of cannot be read: .parts/job.json is damaged or gone" in said.err
    assert "name a new folder: --out FOLDER" in said.err
    for tally in note.parent.glob("0*.json"):
        tally.unlink()
    assert call("data.jsonl").code == 0
    assert pq.read_table("out/clean")["id"].to_pylist() == changing
