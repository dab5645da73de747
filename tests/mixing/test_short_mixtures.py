"""A mixture that has too few rows, or none: what is said, what to do, and what stands in the folder."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import UserError, WorldError
from smoltalk.mixing.session import mix
from smoltalk.mixing.shortage import remedy
from smoltalk.mixture.source import MixSource
from smoltalk.pipeline import load
from smoltalk.run.folder import RunFolder
from tests.mixing.mixtures import lines, mixed, pipeline, published, rows


def source(folder: Path, name: str, many: int, **keys: Any) -> dict[str, Any]:
    return {"files": str(lines(folder / f"{name}.jsonl", rows(many, name))), "licence": "mit", **keys}


def test_one_command_gives_every_short_source_enough(tmp_path: Path) -> None:
    some = {
        "a": source(tmp_path, "a", 10, share=0.5),
        "b": source(tmp_path, "b", 20, share=0.3, repeat=2),
        "c": source(tmp_path, "c", 90, share=0.2),
    }
    file = pipeline(tmp_path, {"rows": 20, "sources": some})
    out = tmp_path / "run"
    done = mix(load(file, {"mix.rows": "200"}), RunFolder(out), lambda _: None)
    expected = f"smoltalk mix {out} --set mix.sources.a.repeat=10 --set mix.sources.b.repeat=3"
    assert (done.books.state, done.command) == ("stopped", expected)
    settings = dict(one.split("=") for one in shlex.split(done.command)[4::2])
    again = mix(load(file, {"mix.rows": "200", **settings}), RunFolder(out), lambda _: None)
    assert (again.books.state, again.books.accepted) == ("complete", 200)


@pytest.mark.parametrize(
    ("name", "keys", "said"),
    [
        ("a", {"count": 500}, "ask less of `a`: its 3 rows can go in up to 100 times, which is 300"),
        (
            "a",
            {"count": 500, "where": {"level": 1}},
            "ask less of `a`: its 1 row can go in up to 100 times, which is 100",
        ),
        ("a", {"count": 5, "where": {"level": 77}}, "`where` of `a` asks for none of its 3 rows"),
        ("a.b", {"count": 5}, "give `a.b` in the pipeline `repeat: 2`"),
    ],
)
def test_what_no_repeating_mends_is_told_in_words(tmp_path: Path, name: str, keys: Any, said: str) -> None:
    file = pipeline(tmp_path, {"sources": {name: source(tmp_path, "a", 3, **keys)}})
    assert mixed(file, tmp_path / "run").command == said


def test_a_source_whose_rows_are_all_turned_away_points_to_them(tmp_path: Path) -> None:
    some = {"a": source(tmp_path, "a", 3, count=2), "b": source(tmp_path, "b", 3)}
    file = pipeline(tmp_path, {"sources": some}, gates=[{"length": {"min": 900}}])
    done = mixed(file, tmp_path / "run")
    assert done.command == f"no row of `a` passed: see why in {tmp_path / 'run' / 'rejected'}"
    assert remedy(tmp_path, {"a": MixSource()}, [done.sources[0]._replace(born=0)]) == "`a` holds no rows"


def test_a_split_without_rows_has_no_file_that_datasets_would_stumble_over(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    mixture = {"sources": {"a": source(tmp_path, "a", 2)}, "splits": {"train": 0.999999, "test": 0.000001}}
    done = mixed(pipeline(tmp_path, mixture), tmp_path / "run")
    assert done.splits == {"train": 2, "test": 0}
    assert [file.name for file in (tmp_path / "run" / "data").iterdir()] == ["train-00000.parquet"]
    assert "split: test" not in (tmp_path / "run" / "README.md").read_text()
    read = datasets.load_dataset(str(tmp_path / "run"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(read[split]) for split in read} == {"train": 2}


def test_a_mixture_of_nothing_still_has_a_file_with_its_columns(tmp_path: Path) -> None:
    mixture = {"sources": {"a": source(tmp_path, "a", 2)}, "splits": {"one": 0.5, "two": 0.5}, "min_turns": 9}
    mixed(pipeline(tmp_path, mixture), tmp_path / "run")
    assert [file.name for file in (tmp_path / "run" / "data").iterdir()] == ["one-00000.parquet"]
    assert published(tmp_path / "run", "one") == []


def test_a_failure_of_the_world_says_how_to_go_on_with_what_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise WorldError("the Hub does not answer")

    monkeypatch.setattr("smoltalk.mixing.session.sift", gone)
    file, out = pipeline(tmp_path, {"sources": {"a": source(tmp_path, "a", 3)}}), tmp_path / "run"
    with pytest.raises(WorldError) as told:
        mix(load(file, {"seed": "7", "description": "my mix"}), RunFolder(out), lambda _: None)
    assert told.value.command == f"smoltalk mix {file} --out {out} --set seed=7 --set 'description=my mix'"
    assert told.value.kept == f"the pieces that were finished, in {tmp_path / 'run' / '.mix'}"


def test_a_failure_that_says_what_to_do_says_what_is_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise WorldError("there is no such dataset", "", "look at its name")

    monkeypatch.setattr("smoltalk.mixing.session.sift", gone)
    file = pipeline(tmp_path, {"sources": {"a": source(tmp_path, "a", 3)}})
    with pytest.raises(WorldError) as told:
        mixed(file, tmp_path / "run")
    assert told.value.command == "look at its name"
    assert told.value.kept == f"the pieces that were finished, in {tmp_path / 'run' / '.mix'}"


def test_data_that_changes_while_it_is_read_is_not_mixed(tmp_path: Path) -> None:
    file, out = pipeline(tmp_path, {"sources": {"a": source(tmp_path, "a", 30)}}), tmp_path / "run"
    changes = [lambda: lines(tmp_path / "a.jsonl", rows(20, "other")), (tmp_path / "a.jsonl").unlink]
    for change in changes:
        with pytest.raises(WorldError, match="the data of source `a` changed while it was read") as told:
            mix(load(file), RunFolder(out), lambda progress, change=change: change())  # type: ignore[misc]
        assert told.value.command.startswith(f"smoltalk mix {file}") and not list(out.glob("data/*.parquet"))
        lines(tmp_path / "a.jsonl", rows(20, "other"))
    assert mixed(file, out).books.accepted == 20


def test_data_that_vanishes_before_it_is_read_is_told_with_its_source(tmp_path: Path) -> None:
    file = pipeline(tmp_path, {"sources": {"a": source(tmp_path, "a", 30)}})
    loaded = load(file)
    (tmp_path / "a.jsonl").unlink()
    with pytest.raises(UserError) as told:
        mix(loaded, RunFolder(tmp_path / "run"), lambda _: None)
    assert [one.path for one in told.value.problems] == ["mix.sources.a"]


def test_a_folder_of_another_mixture_is_told_as_one(tmp_path: Path) -> None:
    mixture = {"sources": {"a": source(tmp_path, "a", 3)}}
    mixed(pipeline(tmp_path, mixture, "first"), tmp_path / "run")
    with pytest.raises(UserError, match=r"run holds what another pipeline made, .*first\.yaml") as told:
        mixed(pipeline(tmp_path, mixture, "second", seed=5), tmp_path / "run")
    assert "replies" not in str(told.value)
