"""`smoltalk review serve`, `push` and `pull`: an Argilla server on this machine, rows to one, answers from one."""

import os
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.ending import INTERRUPTED
from smoltalk.cli.opening import ARun
from smoltalk.cli.progress import Screen
from smoltalk.cli.review_answers import By, booked, of_run
from smoltalk.cli.screen import complain, count, say, table
from smoltalk.errors import Problem, UserError, WorldError

if TYPE_CHECKING:
    from smoltalk.review.argilla.client import Argilla
    from smoltalk.review.argilla.pushing import Pushed
    from smoltalk.review.server.home import Home, Person

_KEY = "ARGILLA_API_KEY"
_PORT = 6900
"""Argilla's own."""

AHome = Annotated[
    Path | None, typer.Option(metavar="DIR", help="The server's folder.  [default: your data folder, smoltalk/review]")
]
AnUrl = Annotated[str | None, typer.Option(help="An Argilla server.  [default: the one of --home]")]
AKey = Annotated[
    str | None, typer.Option("--api-key", metavar="KEY", help=f"Its key for you.  [default: {_KEY}, or of --home]")
]
AWorkspace = Annotated[str, typer.Option(help="The workspace on it.")]
ADataset = Annotated[str | None, typer.Option(help="The dataset on it.  [default: the run's name]")]


def serve(
    home: AHome = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where it listens; 0: any that is free.")] = _PORT,
    reviewers: Annotated[str, typer.Option(metavar="NAMES", help="People besides you: ann,bob.")] = "",
    workspace: AWorkspace = "review",
) -> None:
    """Start an Argilla server on this machine, with nothing beside it.

    Its packages are installed once. It runs until Ctrl-C, and keeps its records and answers.
    """
    from smoltalk.review.server.locked import environment
    from smoltalk.review.server.serving import free, served

    free(port)
    place = _home(home)
    place.make()
    names = tuple(dict.fromkeys(name.strip() for name in reviewers.split(",") if name.strip()))
    python = environment(complain)
    try:
        with _terminate_as_interrupt():
            everybody, new = place.people(names)
            complain("starting the server")
            with served(python, place, everybody, port, workspace) as server:
                say("\n".join(_told(server.url, place, everybody, new)))
                code = server.wait()
            raise WorldError(
                f"the server ended by itself (exit code {code}); what it said is in {place.log}",
                f"records and answers, in {place.path}", "the same command",
            )  # fmt: skip
    except KeyboardInterrupt:
        say(f"stopped; records and answers are kept in {place.path}")
    except OSError as error:
        raise WorldError(f"{error.filename or place.path}: {error.strerror or error}") from error


def push(
    run: ARun,
    sample: Annotated[int | None, typer.Option(min=1, help="Rows.  [default: the gate `human`, or 100]")] = None,
    by: Annotated[By | None, typer.Option(help="Which rows.  [default: the gate `human`, or random]")] = None,
    url: AnUrl = None,
    api_key: AKey = None,
    dataset: ADataset = None,
    workspace: AWorkspace = "review",
    reviewers: Annotated[
        int | None, typer.Option(min=1, help="People who answer each row.  [default: the gate `human`, or 1]")
    ] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Without what scores and gates said.")] = False,
    conflicts: Annotated[
        bool, typer.Option("--conflicts", help="Rows on which people disagree, to where only owners see them.")
    ] = False,
    home: AHome = None,
) -> None:
    """Send rows of a finished run to Argilla.

    The same rows are sent once. A text that changed is a new record, and keeps no old answers.
    """
    from smoltalk.review.argilla.pushing import Ours, Place, for_owner
    from smoltalk.review.argilla.pushing import push as pushed_to

    _together(conflicts, sample, by, reviewers)
    opened = of_run(run)
    wanted = opened.wanted(sample, by.value if by else None, reviewers)
    items = opened.conflicts() if conflicts else opened.items(wanted)
    if not items:
        say("no row waits for an owner's word: people agree, or an owner has answered")
        return
    place = Place(dataset or _dataset(run), workspace, wanted.reviewers, blind, opened.pipeline.name)
    if conflicts:
        name, space = for_owner(place.dataset, workspace)
        place = place._replace(dataset=name, workspace=space, reviewers=1, made=True)
    again = _command("push", run, sample, by, url, dataset, workspace, reviewers, blind, home, conflicts)
    then = _command("pull", run, None, None, url, dataset, workspace, None, False, home)
    screen, sent = Screen(), 0

    def tell(rows: int) -> None:
        nonlocal sent
        sent = rows
        screen.see(lambda: f"sent {rows:,} of {len(items):,} rows")

    try:
        with _signed_in(url, api_key, home) as argilla:
            done = pushed_to(
                argilla, place, opened.pipeline.makes, items, tell, lambda ids: Ours(*opened.of_these(ids))
            )
            screen.end()
            say("\n".join(_pushed(done, place.dataset, len(items), argilla.url, then)))
    except WorldError as error:
        screen.end()
        error.kept = f"{count(sent, 'row')} sent, which the same command does not send anew" if sent else error.kept
        error.command = f"{error.command}; then {again}" if error.command else again
        raise
    except KeyboardInterrupt:
        screen.end()
        complain(f"interrupted; {count(sent, 'row')} sent\n    go on with: {again}")
        raise typer.Exit(INTERRUPTED) from None


def _together(conflicts: bool, sample: int | None, by: By | None, reviewers: int | None) -> None:
    """Raises `UserError` for options that say which rows, beside the one that does."""
    for name, given in (("--sample", sample), ("--by", by), ("--reviewers", reviewers)):
        if conflicts and given is not None:
            sentence = "does not go with `--conflicts`, which sends every row that people disagree on"
            raise UserError([Problem(name, 0, sentence, "leave it out")])


def pull(
    run: ARun,
    url: AnUrl = None,
    api_key: AKey = None,
    dataset: ADataset = None,
    workspace: AWorkspace = "review",
    home: AHome = None,
) -> None:
    """Bring everybody's answers back into the books.

    What people drop is rejected by the gate `human`, what they edit is the row; data and card are written anew.
    """
    from smoltalk.review.argilla.pulling import pull as pulled_from

    opened = of_run(run)
    again = _command("pull", run, None, None, url, dataset, workspace, None, False, home)
    try:
        with _signed_in(url, api_key, home) as argilla:
            answers = list(pulled_from(argilla, dataset or _dataset(run), workspace))
    except WorldError as error:
        error.kept = error.kept or "the run as it was"
        error.command = f"{error.command}; then {again}" if error.command else again
        raise
    booked(opened, answers, again)


def _home(given: Path | None) -> "Home":
    from smoltalk.review.server.home import Home, default_home

    return Home(given) if given is not None else default_home()


@contextmanager
def _signed_in(url: str | None, key: str | None, folder: Path | None) -> "Iterator[Argilla]":
    from smoltalk.review.argilla.client import Argilla
    from smoltalk.review.server.home import address_of, key_for

    home = _home(folder)
    place = url or address_of(home)
    if place is None:
        start = f"smoltalk review serve{f' --home {folder}' if folder else ''}"
        raise WorldError(f"no review server is running in {home.path}", command=f"{start}, in another terminal")
    secret = key or key_for(place, home) or os.environ.get(_KEY)
    if not secret:
        sentence = f"{_shown(place)} wants a key, and there is none"
        raise UserError([Problem("--api-key", 0, sentence, f"{_KEY}=..., from the server's page My settings")])
    argilla = Argilla(place, secret, _token(place))
    try:
        argilla.sign_in()
        yield argilla
    finally:
        argilla.close()


def _token(url: str) -> str | None:
    """The Hub's token goes to the Hub's Spaces only."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    of_hub = parts.scheme == "https" and (parts.hostname or "").endswith(".hf.space")
    return os.environ.get("HF_TOKEN") or None if of_hub else None


def _shown(url: str) -> str:
    from smoltalk.redaction import redact

    return redact(url)


def _dataset(run: Path) -> str:
    """A name that Argilla takes: the folder's."""
    name = "".join(one if one.isascii() and (one.isalnum() or one in "-_") else "-" for one in run.resolve().name)
    return name.strip("-_")[:200] or "run"


def _told(url: str, home: "Home", everybody: "list[Person]", new: "list[Person]") -> Iterator[str]:
    yield f"{url}  sign in as"
    fresh = {person.name for person in new}
    rows = [
        (person.name, person.password if person.name in fresh else "", person.role if person.name in fresh else "")
        for person in everybody
    ]
    yield from table(rows)
    kept = "the passwords are" if not new else "this is shown once; it is"
    yield f"{kept} in {home.credentials}, for your eyes only"
    yield "Ctrl-C stops it"


def _pushed(done: "Pushed", dataset: str, rows: int, url: str, then: str) -> Iterator[str]:
    yield f"{count(rows, 'row')} in the dataset `{dataset}` of {url}"
    told = [
        ("new", done.new, ""),
        ("there already", done.there, ""),
        ("removed", done.removed, "texts that rows have no longer, and that nobody had answered"),
        ("stale", done.stale, "texts that rows have no longer: their answers do not count"),
    ]
    yield from table([(name, f"{n:,}", what) for name, n, what in told if n or name == "new"], frozenset({1}))
    if done.people:
        before, now = done.people
        yield f"  each row is for {now:,} {'person' if now == 1 else 'people'} now; it was for {before:,}"
    yield f"    when they are answered: {then}"


def _command(
    verb: str, run: Path, sample: int | None, by: By | None, url: str | None, dataset: str | None, workspace: str,
    reviewers: int | None, blind: bool, home: Path | None, conflicts: bool = False,
) -> str:  # fmt: skip
    """The same command, as a person would type it; keys are not said again."""
    words = ["smoltalk", "review", verb, str(run)]
    given = {
        "--sample": sample, "--by": by, "--url": url and _shown(url), "--dataset": dataset,
        "--workspace": workspace if workspace != "review" else None, "--reviewers": reviewers, "--home": home,
    }  # fmt: skip
    for name, value in given.items():
        words += [name, str(value)] if value is not None else []
    return shlex.join([*words, *(["--blind"] if blind else []), *(["--conflicts"] if conflicts else [])])


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """SIGTERM stops the server as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
