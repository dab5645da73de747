"""`pipelines/smoltalk_mix.yaml` as it ships, run by the command and the true clients against a Hub of small parts."""

import io
import json
import shlex
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import pytest

from smoltalk.benchmarks import spec
from smoltalk.catalog import data_folder
from smoltalk.cli import main
from smoltalk.mixture.birth import Mixture
from smoltalk.mixture.source import wanted
from smoltalk.pipeline import load
from smoltalk.pipeline.mixes import mixture
from tests.hub_double.fixture import pretended
from tests.hub_double.server import HubDouble
from tests.mixing.mixtures import ledger, published, turned_away
from tests.mixture.smoltalk_on_hub import Maker, Row, put_dataset, put_tokenizer, talk

FILE = data_folder("pipelines") / "smoltalk_mix.yaml"
ROWS = 500
SHORT, LACKS = "explore-instruct-rewriting", 3
"""A part that has fewer rows than it is asked for."""
WHOLE = ("smol-constraints", "smol-rewrite", "systemchats-30k", SHORT)
"""Parts with no row to spare, so that all of theirs are drawn."""
SPARE = 4
ITEMS = {
    "ifeval": "smol-constraints", "gsm8k": "metamathqa-50k", "svamp": "metamathqa-50k", "mmlu": "numina-cot-100k",
    "humaneval": "self-oss-instruct", "mbpp": "self-oss-instruct", "truthfulqa": "openhermes-100k",
    "bbh": "openhermes-100k", "mt_bench": "smol-magpie-ultra", "arena_hard_v0_1": "systemchats-30k",
    "arena_hard_v2_0": "systemchats-30k",
}  # fmt: skip
"""Benchmarks, and the part that one of its items was planted in."""


class Said(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


class Mixed(NamedTuple):
    """The mixture was made twice: as the file says, and with what the first call said to do about the short part."""

    part: Mixture
    train: dict[str, list[Row]]
    """What lies on the Hub."""
    hub: HubDouble
    halfway: int
    """Requests that the first call made."""
    first: Said
    stopped: Path
    """The folder as the first call left it."""
    second: Said
    run: Path


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    folder = tmp_path_factory.mktemp("smoltalk")
    part = mixture(load(FILE))
    assert part is not None
    train = parts(part)
    run, stopped = folder / "run", folder / "stopped"
    with pytest.MonkeyPatch.context() as patch, pretended(folder / "hub", patch) as hub:
        (revision,) = {str(source.revision) for source in part.sources.values()}
        put_dataset(hub, revision, train)
        put_tokenizer(hub)
        first = smoltalk("mix", str(FILE), "--rows", str(ROWS), "--out", str(run))
        shutil.copytree(run, stopped)
        halfway = len(hub.asked)
        second = smoltalk(*shlex.split(first.err.splitlines()[-1])[1:])
        yield Mixed(part, train, hub, halfway, first, stopped, second, run)


def smoltalk(*arguments: str) -> Said:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = main(arguments)
    return Said(code, out.getvalue(), err.getvalue())


def asked(part: Mixture) -> dict[str, int]:
    return {name: rows or 0 for name, rows in wanted(part.mix.model_copy(update={"rows": ROWS})).items()}


def parts(part: Mixture) -> dict[str, list[Row]]:
    """All thirteen with rows enough and some to spare, but for those that are told above, and rows to turn away."""
    spare = {name: 0 if name in WHOLE else SPARE for name in part.sources} | {SHORT: -LACKS, "longalign": -1}
    train = {
        name: [Maker(f"{name} {row}").row(name) for row in range(rows + spare[name])]
        for name, rows in asked(part).items()
    }
    train["systemchats-30k"].insert(3, deepcopy(train["smol-constraints"][5]))
    near = deepcopy(train["smol-rewrite"][7])
    near["messages"][1]["content"] += " indeed"
    train[SHORT].append(near)
    train["longalign"].append(talk(Maker("long").words(20_000), "Long."))
    train["numina-cot-100k"].append(talk(Maker("nobody answers").words(20)))
    train["openhermes-100k"].append(talk(Maker("nothing is answered").words(20), ""))
    train["smol-summarize"].append(talk(Maker("no text is answered").words(20), None))
    train["metamathqa-50k"].append({"messages": None})
    for benchmark, where in ITEMS.items():
        make = Maker(benchmark)
        planted = make.row(where)
        turn = [one for one in planted["messages"] if one["role"] == "user"][-1]
        turn["content"] = f"{make.words(3)}: {spec(benchmark).example}"
        train[where].append(planted)
    return train


class Line(NamedTuple):
    """A line of the books."""

    source: str
    fate: str
    gate: str
    reason: str


def lines(run: Path) -> list[Line]:
    return [Line(json.loads(columns)["source"], *why) for _, _, *why, _, columns, _ in ledger(run)]


def rows(run: Path) -> list[Row]:
    return [row for split in ("train", "test") for row in published(run, split)]


def said_by(row: Row) -> str:
    """A conversation as a text, whatever the order of its turns' keys."""
    return json.dumps(row["messages"], sort_keys=True)


def test_every_part_gives_its_share_or_is_said_to_be_short(mixed: Mixed) -> None:
    share = asked(mixed.part)
    assert len(share) == 13 and sum(share.values()) == ROWS and all(share.values())
    assert mixed.first.code == 3
    assert f"`{SHORT}` has {share[SHORT] - LACKS} of the {share[SHORT]} rows it was asked for" in mixed.first.err
    assert "Traceback" not in mixed.first.err and "Fetching" not in mixed.first.err
    assert Counter(row["source"] for row in rows(mixed.stopped)) == {**share, SHORT: share[SHORT] - LACKS}
    assert mixed.second.code == 0, mixed.second.err
    assert Counter(row["source"] for row in rows(mixed.run)) == share


def test_the_books_hold_every_row_of_the_hub_once(mixed: Mixed) -> None:
    copies = {"longalign": 1, SHORT: LACKS}
    found = lines(mixed.run)
    lying = {name: len(there) + copies.get(name, 0) for name, there in mixed.train.items()}
    assert Counter(line.source for line in found) == lying
    ended = Counter(line.fate for line in found)
    told = f"{len(found)} born = {ROWS} accepted + {ended['rejected']} rejected + {ended['failed']} failed"
    assert f"the books balance: {told}" in mixed.second.out
    assert len({row["id"] for row in rows(mixed.run)}) == ROWS == ended["accepted"]


def test_what_was_planted_is_turned_away_and_nothing_else(mixed: Mixed) -> None:
    away = Counter(line for line in lines(mixed.run) if line.fate != "accepted" and line.reason != "beyond_share")
    assert away == Counter(
        [
            *(Line(where, "rejected", "decontaminate", f"in_{benchmark}") for benchmark, where in ITEMS.items()),
            Line("longalign", "rejected", "mix", "too_many_tokens"),
            Line("numina-cot-100k", "rejected", "complete", "broken_turns"),
            Line("openhermes-100k", "rejected", "complete", "empty_turn"),
            Line("smol-summarize", "failed", "source", "no_content"),
            Line("metamathqa-50k", "failed", "source", "no_turns"),
            Line("systemchats-30k", "rejected", "exact_duplicate", "duplicate"),
            Line(SHORT, "rejected", "near_duplicate", "near_duplicate"),
        ]
    )


@pytest.mark.parametrize(
    ("gate", "kept", "place"), [("exact_duplicate", "smol-constraints", 5), ("near_duplicate", "smol-rewrite", 7)]
)
def test_of_rows_in_two_parts_that_of_the_part_further_up_stays(mixed: Mixed, gate: str, kept: str, place: int) -> None:
    (row,) = turned_away(mixed.run, gate)
    (stays,) = [one for one in rows(mixed.run) if one["id"] == row["evidence"]["duplicate_of"]]
    assert stays["source"] == kept
    assert said_by(stays) == said_by(mixed.train[kept][place])


def test_conversations_come_out_as_they_lie_on_the_hub(mixed: Mixed) -> None:
    lying = {name: {said_by(row) for row in there} for name, there in mixed.train.items()}
    for row in rows(mixed.run):
        assert said_by(row) in lying[row["source"]]
        assert 0 < row["tokens"] <= 16_384 and row["turns"] == sum(t["role"] != "system" for t in row["messages"])
    calls = [row["messages"][-1]["content"] for row in rows(mixed.run) if row["source"] == "apigen-80k"]
    assert all(one.startswith("<tool_call>[{") and one.endswith("}]</tool_call>") for one in calls)


def test_only_what_is_mixed_is_fetched_and_of_the_pinned_commit(mixed: Mixed) -> None:
    (revision,) = {source.revision for source in mixed.part.sources.values()}
    fetched = {path.partition("/resolve/")[2] for method, path, _ in mixed.hub.asked if method == "GET"} - {""}
    data = {path for path in fetched if path.endswith(".parquet")}
    assert {path.rpartition("/")[0] for path in data} == {f"{revision}/data/{name}" for name in mixed.train}
    assert all("/train-" in path for path in data)
    assert not [path for path in fetched if path.endswith(".safetensors")]


def test_a_call_that_goes_on_fetches_no_part_again(mixed: Mixed) -> None:
    """But for its first rows, which are looked at; here that is all of them."""
    data = [method == "GET" and path.endswith(".parquet") for method, path, _ in mixed.hub.asked]
    assert 0 < sum(data[mixed.halfway :]) <= sum(data[: mixed.halfway])


def test_the_card_lists_licences_and_pinned_commits(mixed: Mixed) -> None:
    card = (mixed.run / "README.md").read_text()
    for name, source in mixed.part.sources.items():
        where = f"`HuggingFaceTB/smoltalk ({name}, train) at {source.revision}`"
        assert f"| `{name}` | {where} | {source.licence or 'not stated'} |" in card


def test_it_loads_back_as_it_was_written(mixed: Mixed, tmp_path: Path) -> None:
    from datasets import load_dataset

    loaded = load_dataset(str(mixed.run), cache_dir=str(tmp_path))
    assert loaded.num_rows == {split: len(published(mixed.run, split)) for split in ("train", "test")}
    assert [row for split in ("train", "test") for row in loaded[split]] == rows(mixed.run)
    assert set(loaded["train"].column_names) == {"id", "source", "messages", "tokens", "turns"}
