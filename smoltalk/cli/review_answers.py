"""What `smoltalk review` says of answers: what became of rows, how far people agree, where cuts should stand."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from smoltalk.cli.screen import count, say, table
from smoltalk.errors import WorldError

if TYPE_CHECKING:
    from smoltalk.review.booking import Account
    from smoltalk.review.findings import Cut, Findings
    from smoltalk.review.records import Answer
    from smoltalk.review.runs import Reviewed
    from smoltalk.run.ledger import Books

_MOST = 12
"""Scores that are shown; the others are in review.json."""


class By(StrEnum):
    """Which rows people look at."""

    random = "random"
    disagreement = "disagreement"
    low_margin = "low_margin"
    per_category = "per_category"


def of_run(run: Path) -> "Reviewed":
    """A finished run. Raises `UserError`."""
    from smoltalk.review.runs import opened
    from smoltalk.run.folder import RunFolder

    return opened(RunFolder(run))


def booked(run: "Reviewed", answers: "list[Answer]", again: str) -> None:
    """Take answers into the books, and tell what became of them. `again` is the command that does it once more."""
    from smoltalk.review.findings import findings, write

    try:
        account, books = run.book(answers)
        found = findings(run)
        write(run.folder, found)
    except OSError as error:
        raise WorldError(
            f"{error.filename or run.folder.path}: {error.strerror or error}", "every answer, in run.db", again
        ) from error
    say(given(answers))
    say(told_account(account, run.folder.path, books))
    say(told_agreement(found))
    say("")
    data = "accepted rows" if books.accepted else "holds no rows: none is accepted"
    paths = [(run.folder.data, data), (run.folder.rejected, "the others, with reasons"), (run.folder.card, "the card")]
    say("\n".join(table((str(path), what) for path, what in paths)))


def given(answers: "Sequence[Answer]") -> str:
    """`8 answers of 2 people (1 draft, 1 discarded)`."""
    people = len({answer.reviewer for answer in answers})
    by_status = [(status, sum(one.status == status for one in answers)) for status in ("draft", "discarded")]
    besides = ", ".join(f"{n:,} {status}" for status, n in by_status if n)
    by = f" of {'1 person' if people == 1 else f'{people:,} people'}" if people else ""
    return count(len(answers), "answer") + by + (f" ({besides})" if besides else "")


def told_account(account: "Account", run: Path, books: "Books") -> str:
    """What became of rows, and the line of the books."""
    from smoltalk.cli.books import balance

    lines = [
        ("answered", account.decided, "rows that enough people decided"),
        ("kept", account.kept, ""),
        ("edited", account.edited, "of these: the correction is the row now"),
        ("swapped", account.swapped, "of these: the other answer is the better one now"),
        ("rejected", account.rejected, "by the gate `human`"),
        ("pending", account.pending, "held back until they are answered"),
        ("awaited", account.awaited, "published, and still to be answered"),
        ("undecided", account.undecided, "answered by too few people so far"),
        ("as edits", account.as_edited, "answers `keep` with another text: it counts as an edit"),
        ("unedited", account.unedited, "answers `keep with my edit` without one: they count as `keep`"),
        ("stale", account.stale, "answers to texts that rows have no longer: they do not count"),
        ("not ours", account.strangers, "answers to rows that this run never had: they are not taken in"),
    ]
    shown = [(name, f"{n:,}", what) for name, n, what in lines if n or name in ("answered", "kept", "rejected")]
    return "\n".join([*table(shown, frozenset({1})), "", f"  {balance(books)}"])


def told_agreement(found: "Findings") -> str:
    """Between people, and of scores with people."""
    between = found.agreement
    blocks: list[list[str]] = []
    if len(found.reviewers) > 1:
        lines = [("people", "rows", "kappa")]
        lines += [(f"{a}, {b}", f"{rows:,}", _share(kappa)) for (a, b), (rows, kappa) in between.pairs.items()]
        alpha = f"Krippendorff's alpha {_share(between.alpha)}" if between.alpha is not None else "no alpha"
        why = "" if between.alpha is not None else ": nobody disagreed" if between.rows else ": no row has two answers"
        head = f"  {count(between.rows, 'row')} of several people, {alpha}{why}"
        blocks.append([head, *(table(lines, frozenset({1, 2})) if between.pairs else [])])
    if found.scores:
        rows = [("score", "rows", "of kept", "of dropped", "AUC")]
        rows += [
            (one.column, f"{one.rows:,}", f"{one.kept:.3g}", f"{one.dropped:.3g}", f"{one.auc:.2f}")
            for one in found.scores[:_MOST]
        ]
        blocks.append(table(rows, frozenset({1, 2, 3, 4})))
    return "".join("\n" + "\n".join(block) for block in blocks)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def told_cuts(found: "Findings") -> str:
    """A table of cuts now and as proposed, and the lines of YAML."""
    from smoltalk.review.findings import FEW

    if not found.cuts:
        return f"{count(found.decided, 'row')} decided; no score tells those that people kept from the others"
    head = ("score", "rows", "cut", "precision", "recall", "F1", "->", "cut", "precision", "recall", "F1")
    rows = [head, *_cuts(found.cuts[:_MOST])]
    lines = table(rows, frozenset({1, *range(2, 6), *range(7, 11)}))
    changes = [cut for cut in found.cuts[:_MOST] if cut.line]
    said = [f"{count(found.decided, 'row')} decided; now, and with the cut of the highest F1", *lines]
    if changes:
        said += ["", "for `gates:`"]
        said += table((cut.line, f"in place of `{cut.gate}`" if cut.gate else "new") for cut in changes)
    else:
        said += ["", "no cut is better than none: nothing is to be changed"]
    if found.decided < FEW:
        said += [
            "",
            f"  {count(found.decided, 'row')} decided are few: such cuts say as much of chance as of the score",
        ]
    return "\n".join(said)


def _cuts(cuts: "Iterable[Cut]") -> Iterator[tuple[str, ...]]:
    from smoltalk.review.fitting import f1

    for cut in cuts:
        sides = [
            (f"{point.cut:.4g}", f"{point.precision:.2f}", f"{point.recall:.2f}", f"{f1(point):.2f}")
            for point in (cut.now, cut.fit.best)
        ]
        yield cut.fit.column, f"{cut.fit.rows:,}", *sides[0], "->", *sides[1]
