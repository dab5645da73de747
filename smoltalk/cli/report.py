"""`smoltalk report`: one page that shows what is in a run or a mixture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.opening import ARun
from smoltalk.cli.screen import complain, say, table
from smoltalk.errors import FactoryError, Problem, UserError, WorldError

if TYPE_CHECKING:
    from smoltalk.reporting.page_verdicts import Verdict
    from smoltalk.run.folder import RunFolder

_WORDS = {"pass": "yes", "warn": "look", "fail": "no", "none": "unseen"}


def report(
    run: ARun,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The page.  [default: RUN/report.html]")] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DATA",
            help="Compare phrases with this data: JSON Lines, Parquet, a run, a Hub id; may be given often.  "
            "[default: text by people, rates shipped]",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write a page: what is in a dataset, how it came about.

    One HTML file of aggregates and samples. It asks nothing of the network, and can be sent as it is.
    """
    from smoltalk.run.folder import RunFolder

    folder = RunFolder(run)
    folder.must_exist()
    path = _writable(out if out is not None else folder.path / "report.html")
    verdicts = write(folder, path, reference or ())
    say(f"{path}  {path.stat().st_size / 1000:,.0f} kB")
    say("\n".join(["", *table((_WORDS[one.level], one.question, one.told) for one in verdicts)]))
    if show:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            complain(f"no browser could be opened; the page is {path}")


def write(folder: "RunFolder", path: Path, reference: "list[str] | tuple[str, ...]" = ()) -> "list[Verdict]":
    """Look at a run and write its page to `path`.

    Raises `UserError` (nothing to read) and `WorldError` (a damaged run, a disk that is full).
    """
    import sys

    from smoltalk.reporting.gather import gather
    from smoltalk.reporting.page import write_page
    from smoltalk.reporting.page_verdicts import verdicts

    findings = gather(folder, reference, complain if sys.stderr.isatty() else lambda _: None)
    try:
        write_page(findings, path)
    except OSError as error:
        raise WorldError(f"{path} cannot be written: {error.strerror}", command="the same with `--out FILE`") from error
    return verdicts(findings)


def beside(folder: "RunFolder") -> str:
    """Write `report.html` into a run whose books have just closed; returns its path, or why there is none.

    A page that cannot be made never spoils the run it is about.
    """
    path = folder.path / "report.html"
    try:
        write(folder, path)
    except FactoryError as error:
        return f"no report: {error}"
    return str(path)


def _writable(path: Path) -> Path:
    """Raises `UserError` for what cannot be a page."""
    if path.is_dir():
        sentence, hint = f"{path} is a folder", f"name a file in it: --out {path / 'report.html'}"
        raise UserError([Problem("--out", 0, sentence, hint)])
    if not path.parent.is_dir():
        raise UserError([Problem("--out", 0, f"there is no folder {path.parent}", f"mkdir -p {path.parent}")])
    return path
