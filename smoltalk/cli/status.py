"""`smoltalk status`: the books of a run, live or after the fact."""

from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.opening import ARun
from smoltalk.cli.screen import say

if TYPE_CHECKING:
    from smoltalk.run.folder import RunFolder
    from smoltalk.run.ledger import Books


def status(
    run: ARun,
    as_json: Annotated[bool, typer.Option("--json", help="The books as JSON.")] = False,
) -> None:
    """Show a run's books, live or afterwards.

    Where every row ended and why, and what each engine read and wrote.
    """
    import json

    from smoltalk.cli.books import ledger
    from smoltalk.run.folder import RunFolder

    folder = RunFolder(run)
    books, state = account(folder)
    say(json.dumps(books.as_json(), indent=2) if as_json else ledger(str(run), books, state))


def account(folder: "RunFolder") -> "tuple[Books, str]":
    """The books, and the state in words; a run whose process is gone is `interrupted`, whatever it last wrote."""
    from smoltalk.run.folder import holder
    from smoltalk.run.session import books_of

    books, pid = books_of(folder), holder(folder)
    if pid is not None:
        books.state = "running"
        return books, f"running, by process {pid}"
    books.turn = ""
    if books.state == "running":
        books.state = "interrupted"
    unwritten = books.state in ("complete", "stopped") and not folder.data.is_dir()
    if books.state == "interrupted" or unwritten:
        from smoltalk.cli.opening import mixes

        verb = "mix" if mixes(folder.path) else "run"
        state = f"{books.state}, but its files could not be written" if unwritten else books.state
        return books, f"{state}; go on with: smoltalk {verb} {folder.path}"
    return books, ""
