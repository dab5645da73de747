"""`smoltalk push`: a finished run or a model onto the Hub, or into a folder that holds what would be pushed."""

import shlex
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.ending import INTERRUPTED
from smoltalk.cli.opening import ARun
from smoltalk.cli.progress import Screen, amount
from smoltalk.cli.screen import complain, count, say, table
from smoltalk.errors import FactoryError, Problem, UserError, WorldError

if TYPE_CHECKING:
    from smoltalk.publishing.pushing import Goal, Pushed
    from smoltalk.publishing.release import Release
    from smoltalk.run.folder import RunFolder


class Allowed(StrEnum):
    """What may be published all the same."""

    unlicensed = "unlicensed"
    unchecked = "unchecked"
    secrets = "secrets"
    pending = "pending"


def push(
    run: ARun,
    repo_id: Annotated[str | None, typer.Argument(metavar="REPO_ID", help="OWNER/NAME on the Hub.")] = None,
    to: Annotated[Path | None, typer.Option(help="Write what would be pushed into this folder; no network.")] = None,
    public: Annotated[bool, typer.Option("--public", help="For everybody to see.  [default: private]")] = False,
    config_name: Annotated[str, typer.Option(help="Which of the repository's datasets this is.")] = "default",
    branch: Annotated[str | None, typer.Option(help="A branch; made if it is not there.")] = None,
    pr: Annotated[bool, typer.Option("--pr", help="As a pull request.")] = False,
    tag: Annotated[str | None, typer.Option(help="A name for the commit: v1.")] = None,
    message: Annotated[str, typer.Option(help="The commit's message.")] = "",
    allow: Annotated[
        list[Allowed] | None,
        typer.Option(
            help="Publish without licence, without decontamination, with what looks like a secret, "
            "while rows wait for review."
        ),
    ] = None,
) -> None:
    """Publish a finished run or a trained model on the Hub.

    Shards, card, pipeline, ledger and report in one commit; the same content makes none. The token is HF_TOKEN or what
    `hf auth login` stored.
    """
    from smoltalk.publishing.building import build
    from smoltalk.publishing.models import is_model
    from smoltalk.publishing.pushing import Goal
    from smoltalk.publishing.refusals import refused, wrong_names
    from smoltalk.publishing.working import work_folder
    from smoltalk.run.folder import RunFolder

    folder = RunFolder(run)
    allowed = [one.value for one in allow or ()]
    wrong = list(_wrong_options(repo_id, to, branch, pr, tag, public))
    if not run.exists():
        raise UserError([*wrong, Problem(str(run), 0, "there is no such folder", "a run's or a model's folder")])
    goal = Goal(repo_id or "", public, branch, pr, message, tag)
    again = _command(run, goal, to, config_name, allowed)
    if is_model(run):
        _push_model(run, goal, to, [*wrong, *wrong_names(repo_id, config_name, "model")], allowed, again)
        return
    pipeline, books = refused(folder, repo_id, config_name, allowed, wrong)
    try:
        with work_folder(to or folder.path) as work:
            _report(folder)
            screen = Screen()
            release = build(
                folder, pipeline, books, work, config_name, allowed,
                lambda rows: screen.see(lambda: f"building: {rows:,} of {books.accepted:,} rows"),
            )  # fmt: skip
            screen.end()
            if to is not None:
                _mirror(release, to, repo_id)
            else:
                _push(release, goal, work, again)
    except KeyboardInterrupt:
        complain(f"interrupted; nothing was published, and what is uploaded is not sent again\n    go on with: {again}")
        raise typer.Exit(INTERRUPTED) from None
    except OSError as error:
        raise WorldError(f"{error.filename or run}: {error.strerror or error}", "the run as it was", again) from error


def _push_model(
    model: Path, goal: "Goal", to: Path | None, wrong: list[Problem], allowed: list[str], again: str
) -> None:
    """A folder that `smoltalk train` wrote, or one that transformers did."""
    from smoltalk.publishing.models import copied, model_release
    from smoltalk.publishing.working import work_folder

    if wrong:
        raise UserError(wrong)
    try:
        release = model_release(model, allowed)
        if to is not None:
            copied(release, to)
            _tell(release)
            say(f"\nwritten to {to}; nothing was pushed")
            return
        with work_folder(model) as work:
            _push(release, goal, work, again)
    except KeyboardInterrupt:
        complain(f"interrupted; nothing was published, and what is uploaded is not sent again\n    go on with: {again}")
        raise typer.Exit(INTERRUPTED) from None
    except OSError as error:
        raise WorldError(
            f"{error.filename or model}: {error.strerror or error}", "the model as it was", again
        ) from error


def _report(folder: "RunFolder") -> None:
    """The report that goes along: the run's, or one made now where there is none or it is of an earlier session."""
    from smoltalk.cli.report import write
    from smoltalk.publishing.building import REPORT

    page = folder.path / REPORT
    if not page.is_file() or page.stat().st_mtime < folder.card.stat().st_mtime:
        complain(f"{page} is not there or older than the rows: writing it")
        write(folder, page)


def _wrong_options(
    repo: str | None, to: Path | None, branch: str | None, pr: bool, tag: str | None, public: bool
) -> Iterator[Problem]:
    from smoltalk.publishing.mirror import unusable

    if repo is None and to is None:
        yield Problem("REPO_ID", 0, "says where to push, and is missing", "OWNER/NAME, or --to FOLDER to look first")
    if branch is not None and pr:
        yield Problem("--pr", 0, "opens a branch of its own, so `--branch` does not go with it", "give one of them")
    if tag is not None and pr:
        yield Problem("--tag", 0, "does not go with `--pr`: what is only proposed is no release", "tag it when merged")
    if to is not None:
        for name, given in (("--branch", branch), ("--pr", pr), ("--tag", tag), ("--public", public)):
            if given:
                yield Problem(name, 0, "does not go with `--to`, which pushes nothing")
        yield from unusable(to)


def _command(run: Path, goal: "Goal", to: Path | None, config: str, allowed: list[str]) -> str:
    """The same command, as a person would type it."""
    words = ["smoltalk", "push", str(run), *([goal.repo] if goal.repo else [])]
    words += ["--to", str(to)] if to else []
    words += ["--config-name", config] if config != "default" else []
    for name, value in (("--branch", goal.branch), ("--tag", goal.tag), ("--message", goal.message)):
        words += [name, value] if value else []
    words += ["--public"] if goal.public else []
    words += ["--pr"] if goal.pull_request else []
    for one in allowed:
        words += ["--allow", one]
    return shlex.join(words)


def _mirror(release: "Release", to: Path, repo: str | None) -> None:
    from smoltalk.publishing.mirror import write_mirror

    card = write_mirror(release, to, repo or str(to))
    _tell(release, card)
    say(f"\nwritten to {to}; nothing was pushed")
    say(f"    load it with: datasets.load_dataset({str(to)!r}{_config(release)})")


def _push(release: "Release", goal: "Goal", work: Path, again: str) -> None:
    from smoltalk.publishing.faults import told
    from smoltalk.publishing.hub import Hub, logged_in, offline
    from smoltalk.publishing.pushing import Push, Sent
    from smoltalk.publishing.release import README

    if offline():
        raise WorldError("HF_HUB_OFFLINE is set, so nothing can be pushed", "the run", f"unset HF_HUB_OFFLINE; {again}")
    if not logged_in():
        said = "no token: the Hub does not know who pushes"
        raise WorldError(said, "the run; nothing was sent", f"hf auth login   (or set HF_TOKEN), then {again}")
    screen = Screen()
    hub = Hub(goal.repo, release.kind, complain)

    def see(sent: Sent) -> None:
        done = f"{sent.files} of {count(sent.of_files, 'file')}, {amount(sent.size)} of {amount(sent.of_size)}"
        screen.see(lambda: f"uploading: {done}")

    work_of = Push(release, goal, hub, work, see)
    try:
        pushed = work_of.go()
    except FactoryError:
        raise
    except Exception as error:  # the libraries raise dozens of kinds; those that are no failure of the Hub are ours
        kept = "the run; what was uploaded is not sent again, and nothing of it was published"
        if (failure := told(error, goal.repo, hub.endpoint, kept, again)) is None:
            raise
        raise failure from error
    finally:
        screen.end()
    _tell(release, work / README)
    _tell_end(pushed, goal, release)


def _tell(release: "Release", card: Path | None = None) -> None:
    """Files and sizes; `card` is the one that stands there, with what was there before."""
    if release.kind == "model":
        sizes = {one.path: one.size for one in release.entries} | {"README.md": len(release.card.encode())}
        say("\n".join(table([(name, amount(size)) for name, size in sorted(sizes.items())], frozenset({1}))))
        return
    rows = [(s.name, count(s.rows, "row"), count(len(s.files), "file"), amount(s.file_bytes)) for s in release.splits]
    say("\n".join([f"{release.config}: {count(release.rows, 'row')}", *table(rows, frozenset({1, 2, 3}))]))
    files = [(one.path, amount(one.size)) for one in release.entries]
    files += [(card.name, amount(card.stat().st_size))] if card is not None and card.is_file() else []
    say("\n".join(table(files, frozenset({1}))))


def _tell_end(pushed: "Pushed", goal: "Goal", release: "Release") -> None:
    what = "a pull request" if goal.pull_request else f"the {'private' if pushed.private else 'public'} {release.kind}"
    said = f"pushed as {what}" if pushed.new else f"nothing has changed: {what} is as it was"
    say(f"\n{said}, commit {pushed.commit[:12]}\n    {pushed.url}")
    for note in pushed.notes:
        complain(note)
    if not goal.pull_request and release.kind == "dataset":
        revision = f", revision={goal.tag or goal.branch!r}" if goal.tag or goal.branch else ""
        say(f"    load it with: datasets.load_dataset({goal.repo!r}{_config(release)}{revision})")


def _config(release: "Release") -> str:
    return f", {release.config!r}" if release.config != "default" else ""
