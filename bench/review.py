"""The review server on this machine: how soon it answers, records a second, a page of many, many people at once."""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import median

from bench.result import Result, compared
from smoltalk.review.argilla.client import Argilla
from smoltalk.review.argilla.pushing import Place, push
from smoltalk.review.records import Item
from smoltalk.review.server.home import Home, Person
from smoltalk.review.server.locked import environment
from smoltalk.review.server.serving import served
from smoltalk.review.shown import shown

RECORDS, QUICK_RECORDS = 20_000, 200
PEOPLE = tuple(f"reviewer{n}" for n in range(8))
ANSWERS, QUICK_ANSWERS = 25, 2
"""Answers of each person."""
PAGES = 10
_WORDS = "a loom weaves threads that run along with threads that run across, and what comes of it is cloth. "
_START, _RATE, _PAGE, _ANSWERS = 15.0, 150.0, 0.5, 1.0
"""What we allow ourselves: seconds, records a second, seconds, answers a second: of eight people who need eight seconds
each."""


def results(quick: bool) -> Iterator[Result]:
    """The rival is the limit. The server's environment is there, or made first; that is not measured."""
    python = environment(print)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        home.make()
        people, _ = home.people(PEOPLE)
        with served(python, home, people, 0, "review"):
            pass  # the first start makes the database
        began = time.perf_counter()
        with served(python, home, people, 0, "review") as server:
            yield compared("review server, start", time.perf_counter() - began, "s", "our limit", _START)
            yield from _of_server(server.url, people, quick)


def _of_server(url: str, people: list[Person], quick: bool) -> Iterator[Result]:
    count = QUICK_RECORDS if quick else RECORDS
    with closing(Argilla(url, people[0].key)) as owner:
        began = time.perf_counter()
        push(owner, Place("bench", "review", 1, False, "bench"), "sft", map(_item, range(count)), lambda _: None)
        yield compared("records pushed", count / (time.perf_counter() - began), "records/s", "our limit", _RATE)
        dataset = owner.dataset("bench", owner.workspace("review")) or ""
    pages = [_page(url, people[1], dataset, place * count // PAGES) for place in range(PAGES)]
    yield compared(f"a page of {count:,} records, the slowest", max(pages), "s", "our limit", _PAGE)
    yield compared(f"a page of {count:,} records, the median", median(pages), "s", "our limit", _PAGE)
    each = QUICK_ANSWERS if quick else ANSWERS
    began = time.perf_counter()
    with ThreadPoolExecutor(len(PEOPLE)) as threads:
        list(threads.map(lambda person: _review(url, person, dataset, each), people[1:]))
    seconds = time.perf_counter() - began
    yield compared(
        "8 reviewers at once, none refused", len(PEOPLE) * each / seconds, "answers/s", "our limit", _ANSWERS
    )


def _item(row: int) -> Item:
    turns = [
        {"role": "user", "content": f"Question {row}: {_WORDS * 2}"},
        {"role": "assistant", "content": f"Answer {row}: {_WORDS * 6}"},
    ]
    columns = {"id": f"{row:016x}", "category": f"c{row % 7}", "reward": row / RECORDS, "messages": turns}
    item = shown("bench", "sft", row, columns)
    assert item is not None
    return item


def _search(argilla: Argilla, dataset: str, offset: int) -> list[str]:
    """What the page asks for: the records that this person has not answered yet."""
    mine = {"type": "and", "and": [{"type": "terms", "scope": {"entity": "response", "property": "status"},
                                    "values": ["pending"]}]}  # fmt: skip
    found = argilla.call(
        "POST", f"/me/datasets/{dataset}/records/search",
        params={"offset": offset, "limit": 10, "include": ["responses", "suggestions"]}, json={"filters": mine},
    )  # fmt: skip
    return [one["record"]["id"] for one in found["items"]]


def _page(url: str, person: Person, dataset: str, offset: int) -> float:
    with closing(Argilla(url, person.key)) as argilla:
        began = time.perf_counter()
        assert _search(argilla, dataset, offset)
        return time.perf_counter() - began


def _review(url: str, person: Person, dataset: str, answers: int) -> None:
    """Read a page, answer its first record, and so on. Raises `WorldError` for a request that failed."""
    with closing(Argilla(url, person.key)) as argilla:
        for _ in range(answers):
            record = _search(argilla, dataset, 0)[0]
            values = {"decision": {"value": "keep"}, "rating": {"value": 4}}
            argilla.call("POST", f"/records/{record}/responses", json={"values": values, "status": "submitted"})
