"""`smoltalk dedup`: what is read, what is written, what is said, and how it goes on after a kill."""

import json
import random
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer

from smoltalk.cli.dedup import dedup
from smoltalk.cli.ending import ended
from smoltalk.decontamination import parts
from smoltalk.decontamination.folder import OutFolder
from smoltalk.deduplication import Job, opened, session

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(dedup)


class Said(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str) -> Said:
        capsys.readouterr()
        code = ended(lambda: app([*arguments, "--out", "out"] if "--out" not in arguments else arguments))
        return Said(code, *capsys.readouterr())

    return called


def prose(seed: int, length: int = 40) -> str:
    return " ".join(random.Random(seed).choices(["mill", "river", "stone", "bread", "lamp", "wool", "tin"], k=length))


def chat(name: str, question: str, answer: str = "Yes.") -> dict[str, Any]:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return {"id": name, "messages": turns}


def write(path: str, rows: Iterable[Mapping[str, Any] | str]) -> None:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    Path(path).write_text("".join(line + "\n" for line in lines), "utf-8")


def read(side: str, out: str = "out") -> list[dict[str, Any]]:
    tables = [pq.read_table(path) for path in sorted(Path(out, side).glob("*.parquet"))]
    return [row for table in tables for row in table.to_pylist()]


def ids(side: str, out: str = "out") -> list[str]:
    return [row["id"] for row in read(side, out)]


def test_near_keeps_the_first_and_names_it(call: Call) -> None:
    text = prose(1)
    write("data.jsonl", [chat("a", text), chat("b", prose(2)), chat("c", text.upper()), chat("d", text + " more")])
    said = call("data.jsonl", "--by", "near")
    assert said.code == 0, said.err
    assert ids("kept") == ["a", "b"]
    found = read("duplicates")
    assert [(row["id"], row["duplicate_of"], row["duplicate_in"]) for row in found] == [
        ("c", "a", None),
        ("d", "a", None),
    ]
    assert found[0]["similarity"] == 1
    assert 0.7 < found[1]["similarity"] < 1
    assert found[0]["messages"] == chat("c", text.upper())["messages"]
    assert "2  that repeat 1 kept row\n" in said.out
    summary = json.loads(Path("out/summary.json").read_text("utf-8"))
    assert (summary["rows"], summary["kept"], summary["duplicates"]) == (4, 2, 2)
    assert summary["biggest_clusters"][0]["head"] == "a"
    assert summary["biggest_clusters"][0]["repeats"] == 2


def test_exact_on_the_instruction_of_conversations(call: Call) -> None:
    rows = [chat("a", "Why?", "Because."), chat("b", " why? ", "No idea."), chat("c", "Why not?", "Because.")]
    write("data.jsonl", rows)
    assert call("data.jsonl", "--by", "exact").code == 0
    assert ids("kept") == ["a", "b", "c"]
    assert call("data.jsonl", "--by", "exact", "--on", "instruction", "--out", "two").code == 0
    assert ids("kept", "two") == ["a", "c"]
    assert read("duplicates", "two")[0]["duplicate_of"] == "a"


def test_other_data_comes_first_and_is_not_written(call: Call) -> None:
    write("old.jsonl", [chat("x", prose(1)), chat("y", prose(2))])
    pq.write_table(pa.Table.from_pylist([chat("a", prose(3)), chat("b", prose(2) + " now")]), "new.parquet")
    said = call("new.parquet", "--by", "near", "--against", "old.jsonl")
    assert said.code == 0, said.err
    assert ids("kept") == ["a"]
    assert [(row["duplicate_of"], row["duplicate_in"]) for row in read("duplicates")] == [("y", "old.jsonl")]
    assert "1  that repeat 1 row; 1 because of --against (2 rows)" in said.out


def test_semantic_on_vectors_tells_the_distance(call: Call) -> None:
    vectors = [("a", [1.0, 0.0]), ("b", [0.0, 2.0]), ("c", [3.0, 0.1]), ("d", None), ("e", [1.0, 1.0])]
    pq.write_table(pa.table({"id": [n for n, _ in vectors], "embedding": [v for _, v in vectors]}), "data.parquet")
    said = call("data.parquet", "--by", "semantic", "--threshold", "0.95")
    assert said.code == 0, said.err
    kept = {row["id"]: row for row in read("kept")}
    assert kept.keys() == {"a", "b", "d", "e"}
    assert (kept["a"]["nearest"], kept["a"]["nearest_distance"]) == (None, None)
    assert (kept["b"]["nearest"], kept["b"]["nearest_distance"]) == (None, None)  # at right angles: near to nobody
    assert kept["e"]["nearest"] == "a"
    assert kept["e"]["nearest_distance"] == pytest.approx(1 - 0.5**0.5, abs=1e-5)
    assert read("duplicates")[0]["duplicate_of"] == "a"


def test_semantic_on_texts_makes_its_vectors(call: Call) -> None:
    texts = ["How do I boil an egg?", "How do I boil eggs?", "Name the capital of Chad.", ""]
    write("data.jsonl", [{"id": str(n), "text": text} for n, text in enumerate(texts)])
    said = call("data.jsonl", "--by", "semantic", "--threshold", "0.6")
    assert said.code == 0, said.err
    assert ids("kept") == ["0", "2", "3"]
    assert "1  with nothing to compare" in said.out


def test_lines_that_are_no_rows_are_set_aside(call: Call) -> None:
    write("data.jsonl", [chat("a", "One?"), '{"id": "b", "mess', chat("c", "Two?")])
    said = call("data.jsonl", "--by", "exact")
    assert said.code == 0, said.err
    assert ids("kept") == ["a", "c"]
    assert "unreadable  1" in said.out
    assert "mess" in next(Path("out/unreadable").iterdir()).read_text("utf-8")


def test_rows_without_an_id_are_called_by_their_place(call: Call) -> None:
    write("data.jsonl", [{"text": "one"}, {"text": "two"}, {"text": "One"}])
    assert call("data.jsonl", "--by", "exact").code == 0
    assert read("duplicates") == [
        {"text": "One", "duplicate_of": "data.jsonl:1", "duplicate_in": None, "similarity": 1.0}
    ]


def test_a_column_of_our_name_is_left_alone(call: Call) -> None:
    write("data.jsonl", [{"id": "a", "text": "x", "similarity": "mine"}, {"id": "b", "text": "x", "similarity": "too"}])
    assert call("data.jsonl", "--by", "exact", "--on", "text").code == 0
    assert read("duplicates")[0]["similarity"] == "too"
    assert read("duplicates")[0]["similarity_"] == 1


@pytest.mark.parametrize("by", ["exact", "near"])
def test_it_goes_on_after_a_kill_and_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parts, "PART", 4_000)
    write("data.jsonl", (chat(str(n), prose(n % 60)) for n in range(150)))

    def job() -> Job:
        return Job(opened(["data.jsonl"], Path("out")), by, threshold=0.7)  # type: ignore[arg-type]

    def run(out: str, stop_after: int) -> session.Result:
        seen = []

        def tell(progress: session.Progress) -> None:
            seen.append(progress)
            if len(seen) == stop_after:
                raise KeyboardInterrupt

        return session.dedup(job(), OutFolder(Path(out), ("kept", "duplicates")), tell, lambda *_: None)

    whole = run("whole", 0)
    with pytest.raises(KeyboardInterrupt):
        run("cut", 3)
    assert not Path("cut/summary.json").exists()
    rest = run("cut", 0)
    assert rest.kept == 3
    assert rest.tally == whole.tally
    assert (rest.tally.kept, rest.tally.duplicates) == (60, 90)
    for side in ("kept", "duplicates"):
        assert read(side, "cut") == read(side, "whole")
    assert len(list(Path("cut/kept").iterdir())) > 3


def test_another_call_does_not_mix_its_rows_in(call: Call) -> None:
    write("data.jsonl", [chat("a", "One?")])
    assert call("data.jsonl", "--by", "near").code == 0
    said = call("data.jsonl", "--by", "near", "--threshold", "0.8")
    assert said.code == 2
    assert "other threshold" in said.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["data.jsonl", "--by", "exact", "--threshold", "0.5"], "does not go with `--by exact`"),
        (["data.jsonl", "--by", "near", "--threshold", "7"], "7 is not more than 0 and at most 1"),
        (["data.jsonl", "--by", "near", "--model", "m"], "does not go with `--by near`"),
        (["data.jsonl", "--by", "near", "--on", "mesages"], "has no column `mesages`; did you mean `messages`?"),
        (["dato.jsonl", "--by", "near"], "there is no such file or folder"),
        (["data.jsonl", "--by", "near", "--against", "./dato.jsonl"], "there is no such file or folder"),
        (["numbers.jsonl", "--by", "near"], "holds no column of texts"),
        (["numbers.jsonl", "--by", "exact", "--on", "n"], "column `n` holds no texts: it is int64"),
        (
            ["data.jsonl", "numbers.jsonl", "--by", "exact", "--on", "messages"],
            "numbers.jsonl  has no column `messages`",
        ),
        (["data.jsonl", "--by", "exact", "--against", "numbers.jsonl"], "numbers.jsonl  holds no column of texts"),
    ],
)
def test_mistakes_are_sentences(call: Call, arguments: list[str], sentence: str) -> None:
    write("data.jsonl", [chat("a", "One?")])
    write("numbers.jsonl", [{"n": 1}])
    said = call(*arguments)
    assert said.code == 2
    assert sentence.partition(";")[0] in said.err


def test_all_mistakes_are_told_at_once(call: Call) -> None:
    said = call(
        "dato.jsonl", "--by", "near", "--threshold", "7", "--against", "./old.jsonl", "--against", "./older.jsonl"
    )
    assert said.code == 2
    for sentence in (
        "7 is not more than",
        "dato.jsonl  there is no such",
        "./old.jsonl  there",
        "./older.jsonl  there",
    ):
        assert sentence in said.err


def test_semantic_takes_a_file_in_which_no_row_says_anything(call: Call) -> None:
    write("one.jsonl", [{"id": "a", "text": prose(1)}])
    write("two.jsonl", [{"id": "b", "text": ""}])
    said = call("one.jsonl", "two.jsonl", "--by", "semantic")
    assert said.code == 0, said.err
    assert ids("kept") == ["a", "b"]


def test_a_row_whose_id_is_null_goes_by_its_place(call: Call) -> None:
    write("data.jsonl", [{"id": None, "text": "mill"}, {"id": "b", "text": "mill"}])
    assert call("data.jsonl", "--by", "exact").code == 0
    assert [row["duplicate_of"] for row in read("duplicates")] == ["data.jsonl:1"]


def test_an_id_that_is_no_utf8_is_told_with_replacement(call: Call) -> None:
    offsets, data = pa.array([b"i\xff", b"b"]).buffers()[1:]
    broken = pa.Array.from_buffers(pa.string(), 2, [None, offsets, data])
    pq.write_table(pa.table({"id": broken, "text": ["mill", "mill"]}), "data.parquet")
    said = call("data.parquet", "--by", "exact")
    assert said.code == 0, said.err
    assert [row["duplicate_of"] for row in read("duplicates")] == ["i\ufffd"]


def test_each_file_is_compared_by_its_own_columns(call: Call) -> None:
    write("chats.jsonl", [chat("a", prose(1), prose(2))])
    write("texts.jsonl", [{"id": "b", "text": f"{prose(1)} {prose(2)}"}, {"id": "c", "text": prose(3)}])
    said = call("chats.jsonl", "texts.jsonl", "--by", "near")
    assert said.code == 0, said.err
    assert ids("kept") == ["a", "c"]
    assert [row["duplicate_of"] for row in read("duplicates")] == ["a"]


def test_why_a_line_is_no_row_is_told(call: Call) -> None:
    write("data.jsonl", ["[1]", chat("a", "One?")])
    said = call("data.jsonl", "--by", "exact")
    assert "data.jsonl:1: is no JSON object" in said.out
    assert json.loads(Path("out/summary.json").read_text("utf-8"))["told"] == ["data.jsonl:1: is no JSON object"]


def test_data_without_a_row_is_told(call: Call) -> None:
    write("data.jsonl", [])
    said = call("data.jsonl", "--by", "exact")
    assert (said.code, said.err) == (2, "data.jsonl  holds no rows\n")


def test_half_characters_are_counted(call: Call) -> None:
    write("data.jsonl", ['{"id": "a", "text": "x\\ud800"}', '{"id": "b", "text": "y"}'])
    said = call("data.jsonl", "--by", "exact")
    assert "1  with half characters" in said.out
    assert read("kept")[0]["text"] == "x\ufffd"


def test_unlike_vectors_are_told_with_their_file(call: Call) -> None:
    write("data.jsonl", [{"id": "a", "embedding": [1.0, 0.0]}, {"id": "b", "embedding": [1.0, 0.0, 2.0]}])
    said = call("data.jsonl", "--by", "semantic")
    assert (said.code, "data.jsonl  column `embedding` holds vectors of 2 and 3 numbers" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "option"),
    [(("--by", "exact", "--ngram", "2"), "--ngram"), (("--by", "near", "--split", "train"), "--split")],
)
def test_options_that_would_do_nothing_are_refused(call: Call, arguments: tuple[str, ...], option: str) -> None:
    write("data.jsonl", [chat("a", "One?")])
    said = call("data.jsonl", *arguments)
    assert said.code == 2
    assert said.err.startswith(f"{option}  ")
