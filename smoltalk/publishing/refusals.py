"""Why a run is not published: everything that can be known before its rows are looked at, all at once."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from typing import Literal

from smoltalk.errors import Problem, UserError
from smoltalk.gates.decontaminate import Decontaminate
from smoltalk.licences import is_stated
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.mixes import mixture
from smoltalk.run import database
from smoltalk.run.fingerprints import of_text
from smoltalk.run.folder import RunFolder, holder
from smoltalk.run.ledger import Books
from smoltalk.run.reopen import reopen_to_tell
from smoltalk.run.session import books_of

Waived = Literal["unlicensed", "unchecked", "secrets", "pending"]
"""What a person may publish all the same, said with `--allow`: no licence, no decontamination, strings like secrets, a
run of which people have not seen every row that waits for them."""

_CONFIG = re.compile(r"[A-Za-z0-9][\w.-]{0,90}")
_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_MOST_LETTERS = 96


def wrong_names(repo: str | None, config: str, kind: str = "dataset") -> Iterator[Problem]:
    """Mistakes in what the command was given; the Hub's own rules (hf.co/docs/huggingface_hub, validate_repo_id)."""
    if repo is not None and not _is_repo(repo):
        hint = "OWNER/NAME, of letters, digits, `-`, `_` and `.`: acme/small-talk"
        yield Problem("REPO_ID", 0, f"`{repo}` is no name of a {kind} on the Hub", hint)
    if not _CONFIG.fullmatch(config):
        yield Problem("--config-name", 0, f"`{config}` is no name of a configuration", "letters, digits, - _ . only")


def _is_repo(repo: str) -> bool:
    name = repo.rpartition("/")[2]
    return (
        _REPO.fullmatch(repo) is not None
        and len(repo) <= _MOST_LETTERS
        and not any(bad in repo for bad in ("--", ".."))
        and not any(part[-1] in "-." for part in repo.split("/"))
        and not name.endswith((".git", ".ipynb"))
    )


def refused(
    folder: RunFolder, repo: str | None, config: str, allowed: Collection[str], wrong: Iterable[Problem] = ()
) -> tuple[Pipeline, Books]:
    """The run's pipeline and books, where nothing stands against publishing it; `wrong` was found before.

    Raises `UserError` with everything that does, `WorldError` for a damaged run.
    """
    problems = [*wrong, *wrong_names(repo, config)]
    try:
        pipeline, books = reopen_to_tell(folder), books_of(folder)
    except UserError as error:
        raise UserError([*problems, *error.problems]) from error
    if problems := [*problems, *refusals(folder, pipeline, books, allowed)]:
        raise UserError(problems)
    return pipeline, books


def refusals(folder: RunFolder, pipeline: Pipeline, books: Books, allowed: Collection[str]) -> Iterator[Problem]:
    """What stands against publishing this run, but for what is `allowed`."""
    yield from _open_books(folder, books, allowed)
    if _edited(folder, pipeline):
        hint = f"run it as it is now, which asks again only what changed: smoltalk run {folder.path}"
        yield Problem(str(folder.path), 0, "has a pipeline.yaml that was edited after the run", hint)
    if "unchecked" not in allowed and not any(isinstance(gate.part, Decontaminate) for gate in pipeline.gates):
        yield Problem(
            str(folder.path), 0, "was compared with no benchmark: its pipeline has no gate `decontaminate`",
            f"add `- decontaminate: {{against: [...]}}` under `gates:` of {pipeline.path} and run it again (replies "
            "are kept), or say `--allow unchecked`",
        )  # fmt: skip
    if "unlicensed" not in allowed:
        yield from _unlicensed(folder, pipeline)


def _open_books(folder: RunFolder, books: Books, allowed: Collection[str]) -> Iterator[Problem]:
    where, go_on = str(folder.path), f"smoltalk run {folder.path}"
    if (pid := holder(folder)) is not None:
        yield Problem(where, 0, f"is being run by process {pid}: its books are open", "push it when it is done")
        return
    if books.state not in ("complete", "stopped"):
        yield Problem(where, 0, f"is not finished ({books.state}): its books are open", f"finish it: {go_on}")
        return
    if not books.balanced:
        ends = f"{books.accepted:,} accepted + {books.rejected:,} rejected + {books.failed:,} failed"
        ends += f" + {books.pending:,} pending" if books.pending else ""
        yield Problem(where, 0, f"has books that do not balance: {books.born:,} born, {ends}", f"put it right: {go_on}")
    if books.pending and "pending" not in allowed:
        are = "1 row waits" if books.pending == 1 else f"{books.pending:,} rows wait"
        hint = f"smoltalk review push {folder.path}, then pull; or say `--allow pending` to publish the others"
        yield Problem(where, 0, f"is not through its review: {are} for people", hint)
    if not books.accepted:
        yield Problem(where, 0, "has no accepted rows: there is nothing to publish")
    elif not any(folder.data.glob("*.parquet")):
        yield Problem(where, 0, f"has {books.accepted:,} accepted rows, but no Parquet in data/", f"write it: {go_on}")
    if not folder.card.is_file():
        yield Problem(where, 0, f"has no {folder.card.name}, the dataset's card", f"write it: {go_on}")


def _unlicensed(folder: RunFolder, pipeline: Pipeline) -> Iterator[Problem]:
    """A mixture may leave the licence to its sources: the card names that of each."""
    either = "or say `--allow unlicensed`"
    mixed = mixture(pipeline)
    if not is_stated(pipeline.licence) and (mixed is None or pipeline.licence):
        hint = f"add `licence: apache-2.0`, say, to {pipeline.path}, run it again (nothing is asked anew), {either}"
        yield Problem(str(folder.path), 0, "has no licence: others could not use it", hint)
    part = pipeline.source.part
    if hasattr(part, "licence") and not is_stated(part.licence):  # sources that read what others may have written
        sentence = f"reads its rows with `{pipeline.source.name}`, whose licence nobody stated"
        yield Problem(str(folder.path), 0, sentence, f"add `licence:` to it in {pipeline.path}, run it again, {either}")
    for name, licence in mixed.licences().items() if mixed is not None else ():
        if not is_stated(licence):
            yield Problem(
                str(folder.path), 0, f"mixes the source `{name}`, whose licence nobody stated",
                f"add `licence:` to it in {pipeline.path}, run it again, {either}",
            )  # fmt: skip


def _edited(folder: RunFolder, pipeline: Pipeline) -> bool:
    with closing(database.connect(folder.database)) as connection, database.sqlite_errors(folder.database):
        return database.get_meta(connection, "text") not in ("", of_text(pipeline))
