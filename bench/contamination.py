"""How much contamination is found, how much is made up, and what that costs, beside the rules of other scripts.

`python -m bench contamination` needs a folder of public data, named in `SMOLTALK_CONTAMINATION_DATA` (bench/README.md
says what is in it), and takes datatrove's own code where `SMOLTALK_DATATROVE` names a Python that has it. It also
writes `contamination.json`: recall by variant and false positives by kind of row, of every method, in per cent.
"""

import json
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.contamination_rules import RULES
from bench.contamination_set import HELD_OUT, TUNED, Case, negatives, positives, protected
from bench.contamination_speed import THRESHOLD
from bench.machine import described
from bench.measured import measured, scratch
from bench.result import Result, compared
from smoltalk.benchmarks import Item

FIGURES = Path(__file__).resolve().parent / "contamination.json"
OURS = "smoltalk"
GROUPS = ("surface", "light", "heavy", "ordinary", "hard")
SIZE, LARGE, LONG, OF_RULE = 200, 2_000, 10, 20
"""MB of text: ours, what must cost no more a MB, one row's, and as much as a rival gets."""
LOADING = ("imports", "load", "first")
"""From the start of a process to the hits of its first row."""

Method = Callable[[Sequence[Case]], list[bool]]
"""Which rows of the set a method flags."""


def results(quick: bool) -> Iterator[Result]:
    """Nothing without the data."""
    data = os.environ.get("SMOLTALK_CONTAMINATION_DATA")
    if not data:
        return
    folder = Path(data)
    found = quality(folder, quick)
    if not quick:
        FIGURES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    rates: dict[str, dict[str, float]] = found["groups"]
    for group, name in zip(GROUPS, ("recall, surface", "recall, light edits", "recall, heavy edits"), strict=False):
        yield compared(name, rates[group][OURS], "%", "open-r1's rule", rates[group]["open-r1"])
    for group in ("ordinary", "hard"):
        yield compared(f"false positives, {group}", rates[group][OURS], "%", "open-r1's rule", rates[group]["open-r1"])
    yield from _speeds(folder, 0.05 if quick else 1)


def quality(folder: Path, quick: bool) -> dict[str, Any]:
    """Per cent of rows that each method flags: by group, by variant or kind; and what the set is made of."""
    of = protected(folder)
    cases, overlaps = negatives(folder)
    cases = [*positives(folder, HELD_OUT), *cases]
    tuned = list(positives(folder, TUNED))
    if quick:
        cases, tuned = cases[::40], tuned[::40]
    ours = _ours(of)
    flags = {OURS: ours(cases)} | {name: method(cases) for name, method in _rivals(of).items()}
    names = list(dict.fromkeys(case.name for case in cases))
    groups, kinds = _rates(cases, flags, lambda case: case.group), _rates(cases, flags, lambda case: case.name)
    of_tuned = _rates(tuned, {OURS: ours(tuned)}, lambda case: case.group)
    return {
        "machine": described(), "date": time.strftime("%Y-%m-%d"), "threshold": THRESHOLD,
        "items": sum(map(len, of.values())), "overlaps_left_out": overlaps,
        "groups": {group: _mean(groups, kinds, group, cases) for group in GROUPS if group in groups},
        "on_the_items_thresholds_were_chosen_on": {group: rates[OURS] for group, rates in of_tuned.items()},
        "kinds": {
            name: {"group": next(case.group for case in cases if case.name == name),
                   "rows": sum(case.name == name for case in cases), **kinds[name]}
            for name in names
        },
    }  # fmt: skip


def _mean(
    groups: Mapping[str, dict[str, float]], kinds: Mapping[str, dict[str, float]], group: str, cases: Sequence[Case]
) -> dict[str, float]:
    """Of variants the mean of their rates; of negatives the rate of all rows."""
    if group in ("ordinary", "hard"):
        return groups[group]
    names = {case.name for case in cases if case.group == group}
    return {method: round(sum(kinds[name][method] for name in names) / len(names), 2) for method in groups[group]}


def _rates(
    cases: Sequence[Case], flags: Mapping[str, Sequence[bool]], key: Callable[[Case], str]
) -> dict[str, dict[str, float]]:
    counts: dict[str, int] = defaultdict(int)
    hits: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(flags, 0))
    for number, case in enumerate(cases):
        counts[key(case)] += 1
        for method, flagged in flags.items():
            hits[key(case)][method] += flagged[number]
    return {name: {m: round(100 * hits[name][m] / counts[name], 3) for m in flags} for name in counts}


def _ours(of: Mapping[str, Sequence[Item]]) -> Method:
    from smoltalk.benchmarks.build import build
    from smoltalk.benchmarks.index import Index
    from smoltalk.words import texts_of

    index = Index([build(name, items, "") for name, items in of.items()], THRESHOLD)

    def method(cases: Sequence[Case]) -> list[bool]:
        hits = index.scan(texts_of([[text for _, text in case.turns] for case in cases]))
        flagged = set(hits.rows.tolist())
        return [number in flagged for number in range(len(cases))]

    return method


def _rivals(of: Mapping[str, Sequence[Item]]) -> dict[str, Method]:
    stems = [item.stem for items in of.values() for item in items]

    def by_rule(make: Callable[..., Callable[..., bool]], cases: Sequence[Case]) -> list[bool]:
        flagged = make(stems)
        return [flagged(case.turns) for case in cases]

    methods: dict[str, Method] = {name: partial(by_rule, make) for name, make in RULES.items()}
    if python := os.environ.get("SMOLTALK_DATATROVE"):
        pairs = [(item.stem, item.answer) for items in of.values() for item in items]
        answers: dict[int, dict[str, Any]] = {}

        def by_datatrove(name: str, cases: Sequence[Case]) -> list[bool]:
            if id(cases) not in answers:
                answers[id(cases)] = datatrove(python, pairs, ["\n".join(t for _, t in case.turns) for case in cases])
            dropped = set(answers[id(cases)][name]["dropped"])
            return [number in dropped for number in range(len(cases))]

        methods |= {name: partial(by_datatrove, name) for name in ("datatrove", "datatrove, questions")}
    return methods


def datatrove(python: str, pairs: Sequence[tuple[str, str]], texts: Sequence[str]) -> dict[str, Any]:
    """What `contamination_datatrove.py` prints about these items and texts."""
    script = Path(__file__).with_name("contamination_datatrove.py")
    with scratch() as folder:
        (folder / "items.json").write_text(json.dumps(pairs), encoding="utf-8")
        (folder / "rows.json").write_text(json.dumps(texts), encoding="utf-8")
        command = [python, str(script), str(folder / "items.json"), str(folder / "rows.json")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _speeds(folder: Path, scale: float) -> Iterator[Result]:
    """Ours and the rivals' taking turns; each in a process of its own."""

    def run(what: str, megabytes: float) -> dict[str, float]:
        with scratch() as temporary:
            return measured("contamination_speed", what, folder.resolve(), megabytes * scale, folder=temporary)

    ours = [run("streamed", SIZE)]
    theirs = max(_rate(run("rule", OF_RULE)) for _ in range(2))
    ours.append(run("streamed", SIZE))
    speed = max(map(_rate, ours))
    with scratch() as temporary:
        whole = measured(
            "contamination_command", folder.resolve(), SIZE * scale, temporary / "command", folder=temporary
        )
    scan, command = f"scan of {SIZE} MB, full scores", f"whole command on {SIZE} MB, JSONL to Parquet"
    rivals = {"open-r1's rule, text in memory": theirs}
    if python := os.environ.get("SMOLTALK_DATATROVE"):
        rivals["datatrove's filter, text in memory"] = _of_datatrove(python, folder)
    for rival, rate in rivals.items():
        beside = ", beside " + rival.partition("'")[0]
        yield compared(scan + beside, speed, "MB/CPU-s", rival, rate)
        yield compared(command + beside, _rate(whole), "MB/CPU-s", rival, rate)
    yield compared("one row of 10 MB, full scores", _rate(run("long", LONG)), "MB/CPU-s", "rows of usual length", speed)
    held = run("held", SIZE)
    yield compared("four threads, in memory", _wall(held, "four"), "MB/s", "one thread", _wall(held, "one"))
    yield compared("four threads, whole command", _wall(whole, "four"), "MB/s", "one thread", _wall(whole, "one"))
    if held["beside_mb"] > 0:  # else making the text took more at its height than looking through it
        yield compared("memory beside text and imports", held["beside_mb"], "MB", "our limit", 1000)
    large = run("streamed", LARGE)
    yield compared(f"a MB of {LARGE} MB", 1e3 / _rate(large), "CPU-ms", f"a MB of {SIZE} MB", 1e3 / speed)
    yield compared(f"peak memory, {LARGE} MB", large["peak_mb"], "MB", f"peak memory, {SIZE} MB", ours[0]["peak_mb"])
    index = run("index", 0)
    yield compared("fingerprints and index of all items", index["building"] + index["entering"], "s", "our limit", 3)
    run("load", 0)  # files into the page cache
    reads = sorted(run("read", 0)["read"] for _ in range(3))[1]
    yield compared("reading the shipped fingerprints, fresh process", reads, "s", "our limit", 1)
    loads = [run("load", 0) for _ in range(3)]
    cold = sorted(loads, key=lambda one: one["load"])[1]
    ready = sum(cold[part] for part in LOADING)
    yield compared("ready for rows: imports, reading, index, a row", ready, "s", "reading and index", cold["load"])


def _rate(figures: Mapping[str, float]) -> float:
    return figures["megabytes"] / figures["seconds"]


def _wall(figures: Mapping[str, float], threads: str) -> float:
    return figures["megabytes"] / figures[threads]


def _of_datatrove(python: str, folder: Path) -> float:
    """MB a CPU-second of its filter with n-grams of questions, over what it takes a few seconds for."""
    from bench.contamination_set import conversations, held_out

    texts = ["\n".join(text for _, text in row) for row in held_out(conversations(folder))[::6]]
    pairs = [(item.stem, item.answer) for items in protected(folder).values() for item in items]
    found = datatrove(python, pairs, texts)["datatrove, questions"]
    return sum(len(text.encode("utf-8", "replace")) for text in texts) / 1e6 / float(found["seconds"])
