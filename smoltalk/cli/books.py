"""The ledger as a table: where every row ended, and that nothing is missing."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from smoltalk.cli.screen import count, span, table
from smoltalk.run.database import connect
from smoltalk.run.folder import RunFolder
from smoltalk.run.ledger import FATES, Books, read_rows

_FAILURES = 3
"""Failed rows that the end of a run shows."""

_LOOK = "smoltalk review push RUN, then pull"
_NEXT = {
    "max_attempts": "--set target.max_attempts={:d}",
    "max_tokens": "--set target.max_tokens={:d}",
    "max_hours": "--set target.max_hours={:g}",
    "max_cost": "--set target.max_cost={:g}",
    "max_failed": "--set target.max_failed={:g}",
}


def ledger(name: str, books: Books, state: str = "") -> str:
    """The whole account of a run. `state` replaces the state that the books know of."""
    blocks = [
        [f"{name}  {state or books.state}", *_asked(books)],
        [*table(_fates(books), numbers=frozenset({1, 2})), "", f"  {balance(books)}"],
        table(rows, numbers=frozenset({1, 2})) if len(rows := list(_replies(books))) > 1 else [],
        table(_engines(books), numbers=frozenset(range(1, 7))) if books.engines else [],
        table(rows, numbers=frozenset(range(1, 7))) if len(rows := list(_times(books))) > 1 else [],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _asked(books: Books) -> Iterator[str]:
    if books.target:
        away = books.reached - books.accepted - books.pending
        after = f"; people turned {away:,} away" if away else ""
        yield f"  {books.accepted:,} of {count(books.target, 'row')}{after}"
    if books.turn:
        yield f"  {books.turn}"
    if books.pending:
        yield f"  {count(books.pending, 'row')} held back until people have looked: {_LOOK}"
    if books.awaited and not books.pending:
        yield f"  {count(books.awaited, 'row')} published before people have looked: {_LOOK}"
    if books.why:
        yield f"  {books.why}"
    if books.seconds:
        cost = f", {books.cost:,.2f} spent" if books.cost else ""
        tokens = f", {books.tokens:,} tokens" if books.engines else ""
        yield f"  {span(books.seconds)}{tokens}{cost}"


def _fates(books: Books) -> Iterator[tuple[str, str, str, str]]:
    yield "born", f"{books.born:,}", "", ""
    for fate in FATES:
        rows = getattr(books, fate)
        if fate == "pending" and not rows:
            continue
        yield fate, f"{rows:,}", f"{rows / books.born:.1%}" if books.born else "", ""
        for found, where, reason, n in books.reasons:
            if found == fate:
                yield "", f"{n:,}", "", f"{where}: {reason}" if where else reason


def balance(books: Books) -> str:
    """The line that says whether every row is accounted for."""
    ends = f"{books.accepted:,} accepted + {books.rejected:,} rejected + {books.failed:,} failed"
    ends += f" + {books.pending:,} pending" if books.pending else ""
    if books.balanced:
        return f"the books balance: {books.born:,} born = {ends}"
    missing = books.born - books.accepted - books.rejected - books.failed - books.pending
    return f"not closed yet: {books.born:,} born = {ends} + {missing:,} under way"


def _replies(books: Books) -> Iterator[tuple[str, ...]]:
    """How many replies each step used and what was wrong with the others, of steps that could not use every one."""
    yield "step", "replies", "used", "not used"
    for step, outcomes in sorted(books.replies.items()):
        if bad := sorted(((n, kind) for kind, n in outcomes.items() if kind != "ok"), reverse=True):
            kinds = ", ".join(f"{n:,} {kind}" for n, kind in bad)
            yield step, f"{sum(outcomes.values()):,}", f"{outcomes.get('ok', 0):,}", kinds


def _engines(books: Books) -> Iterator[tuple[str, ...]]:
    """What each engine was asked and took; of cache, money and requests in flight only where there are any."""
    names = sorted(books.engines)
    columns: list[tuple[str, list[str]]] = [("engine", names)]
    for title, key in (("requests", "requests"), ("tokens in", "tokens_in"), ("tokens out", "tokens_out")):
        columns.append((title, [f"{books.engines[name].get(key, 0):,}" for name in names]))
    columns.append(("cached", [_percent(books.cached(name)) for name in names]))
    spent = [books.engines[name].get("cost_nano", 0) / 1e9 for name in names]
    columns.append(("cost", [f"{cost:,.2f}" if cost >= 0.01 else f"{cost:.2g}" if cost else "" for cost in spent]))
    if books.state == "running":
        now = [books.times.get(name, {}).get("in_flight") for name in names]
        columns.append(("in flight", ["" if n is None else f"{int(n):,}" for n in now]))
    shown = [[title, *cells] for title, cells in columns if any(cells)]
    yield from zip(*shown, strict=True)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _times(books: Books) -> Iterator[tuple[str, ...]]:
    """How idle each engine was and where its time went; nothing of engines that were up for less than a second."""
    yield "engine", "tokens/s", "idle", "full", "some rows ready", "no row ready", "starting", ""
    for name, times in sorted(books.times.items()):
        up = sum(times[state] for state in ("full", "part", "empty"))
        if up < 1:
            continue
        shares = (f"{times[state] / up:.0%}" for state in ("full", "part", "empty"))
        yield (
            name,
            f"{books.speed(name) or 0:,.0f}",
            _percent(books.idle(name)),
            *shares,
            span(times["starting"]),
            _restarted(times),
        )


def _restarted(times: Mapping[str, float]) -> str:
    restarts = int(times.get("restarts", 0))
    often = "once" if restarts == 1 else f"{restarts} times"
    return f"a server went down and was started again {often}" if restarts else ""


def short_of(books: Books) -> bool:
    """Whether the run ended with fewer rows than were asked for."""
    if books.target is None and books.why.startswith("max_attempts"):
        return False  # no number of accepted rows was asked for: the ceiling is the plan
    return books.state != "complete"


def failures(folder: RunFolder, books: Books) -> list[str]:
    """The first rows that failed, with their place and reason, and where the whole of it is told."""
    with closing(connect(folder.database)) as connection:
        first: dict[str, str] = {}
        for fate, _ in read_rows(connection, "failed"):
            evidence = json.loads(fate.evidence)
            detail = f"{evidence.get('place') or ''} {evidence.get('detail') or fate.reason}"
            first.setdefault(" ".join(detail.split()), fate.id)  # a line that bears several rows is told once
            if len(first) == _FAILURES:
                break
    if not first:
        return []
    lines = [f"{count(books.failed, 'row')} failed" + (", the first of them:" if books.failed > 1 else ":")]
    lines += table([(found, detail) for detail, found in first.items()])
    return [*lines, f"  its life, whole: smoltalk trace {folder.path} ID"]


def how_to_go_on(books: Books, folder: Path, ceiling: float | None) -> str:
    """What to do about a run that stopped short; `ceiling` is the limit it met."""
    asked = f"{books.accepted:,} of the {books.target:,} rows asked for" if books.target else f"{books.accepted:,} rows"
    limit = books.why.partition(":")[0]
    lines = [f"stopped with {asked}: {books.why}"]
    if limit == "max_failed" and not books.accepted:
        lines.append("    put right what failed, then give the same command")
    elif limit == "degenerate":
        lines.append(f"    every reply is kept; go on with the same command, or smoltalk run {folder} --set ...")
    elif limit in _NEXT and ceiling:
        spent = {"max_cost": books.cost, "max_tokens": books.tokens}.get(limit, 0)
        more = min(1.0, 2 * ceiling) if limit == "max_failed" else 2 * max(ceiling, spent)
        setting = _NEXT[limit].format(int(more) if limit in ("max_attempts", "max_tokens") else more)
        lines.append(f"    go on with: smoltalk run {folder} {setting}")
    elif books.target:
        lines.append("    give the source more rows, or the gates fewer reasons to reject; finished replies are kept")
    return "\n".join(lines)
