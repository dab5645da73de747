"""Items to an Argilla dataset: each text once, however often it is pushed; nobody's answers are lost."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Any, NamedTuple

from smoltalk.errors import WorldError
from smoltalk.pipeline.model import Makes
from smoltalk.review.argilla.client import MOST_IN_BULK, Argilla
from smoltalk.review.argilla.records import record
from smoltalk.review.argilla.settings import settings
from smoltalk.review.records import Item


class Place(NamedTuple):
    """Where items go."""

    dataset: str
    workspace: str
    reviewers: int | None
    """People who are to answer each record; None: as it is, one in a new dataset."""
    blind: bool
    """Neither evidence nor suggestions are shown."""
    run: str
    """The name of the run; rows of another do not go into its dataset."""
    made: bool = False
    """Whether the workspace is made where it is not there."""


class Pushed(NamedTuple):
    """What a push did."""

    new: int
    there: int
    """Records that were there already, brought up to date."""
    removed: int
    """Records of texts that rows have no longer, which nobody had answered."""
    stale: int
    """Such records with answers: they stay, and their answers do not count."""
    people: tuple[int, int] | None
    """How many were to answer each record, and how many are now, where that changed."""


class Ours(NamedTuple):
    """Of some ids of rows, those that mean something to the run."""

    alive: AbstractSet[str]
    """Rows that can be looked at."""
    known: AbstractSet[str]
    """Rows that it has, wherever they ended, and those it has answers to."""


def for_owner(dataset: str, workspace: str) -> tuple[str, str]:
    """Where rows go that people disagree on: a dataset, and a workspace that only owners see."""
    return f"{dataset}-conflicts", f"{workspace}-owner"


def push(
    argilla: Argilla,
    place: Place,
    makes: Makes,
    items: Iterable[Item],
    tell: Callable[[int], None],
    ours: Callable[[AbstractSet[str]], Ours] | None = None,
) -> Pushed:
    """Bring a dataset up to date with the items; a push that broke off goes on where it stopped.

    `ours` says which ids of rows are the run's; without it all are.

    A text that changed is another record, so that it never keeps old answers. Raises `WorldError`.
    """
    workspace = argilla.workspace(place.workspace, place.made)
    dataset = argilla.dataset(place.dataset, workspace)
    wants = settings(makes, place.reviewers or 1, place.blind)
    if dataset is None:
        dataset = argilla.create(place.dataset, workspace, wants)
    questions = argilla.questions(dataset)
    _same_kind(argilla, dataset, place.dataset, wants, questions)
    there = {one["external_id"]: one for one in argilla.records(dataset, include=["responses"]) if one["external_id"]}
    ids = {_row(name) for name in there}
    some_of = ours(ids) if ours else Ours(ids, ids)
    _same_run(argilla, place, there, some_of)
    before = argilla.overlap(dataset, place.reviewers)
    wanted: dict[str, str] = {}
    new = 0
    for some in _batches(items):
        for item in some:
            wanted[item.id] = item.name
        new += sum(item.name not in there for item in some)
        argilla.put(dataset, [record(item, place.run, place.blind, questions) for item in some])
        tell(len(wanted))
    gone = {name for name in there if _row(name) not in some_of.alive}
    old = [one for name, one in there.items() if wanted.get(_row(name), "" if name in gone else name) != name]
    unanswered = [one["id"] for one in old if not _answered(one)]
    argilla.delete(dataset, unanswered)
    changed = (before, place.reviewers) if before and place.reviewers and before != place.reviewers else None
    return Pushed(new, len(wanted) - new, len(unanswered), len(old) - len(unanswered), changed)


def _same_run(argilla: Argilla, place: Place, there: Mapping[str, Mapping[str, Any]], ours: Ours) -> None:
    """Raises `WorldError` for a dataset with rows of another run: folders of one name mean the same dataset."""
    others = {str((one.get("metadata") or {}).get("run") or place.run) for one in there.values()} - {place.run}
    if others or (there and not ours.known):
        whose = f"of the run `{min(others)}`" if others else "of another run, or of this one before it was made anew"
        raise WorldError(
            f"the dataset `{place.dataset}` of {argilla.url} holds rows {whose}", command="--dataset ANOTHER_NAME"
        )


def _same_kind(
    argilla: Argilla, dataset: str, name: str, wants: Mapping[str, Any], questions: Mapping[str, str]
) -> None:
    """Raises `WorldError` for a dataset that was made for other rows, blind reviewers, or by somebody else."""
    there = argilla.fields(dataset) | questions.keys()
    if missing := [one["name"] for part in ("fields", "questions") for one in wants[part] if one["name"] not in there]:
        raise WorldError(
            f"the dataset `{name}` of {argilla.url} was made for something else: it has no `{missing[0]}`",
            command="--dataset ANOTHER_NAME",
        )


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Each row once in a batch: the server refuses a batch with one id twice."""
    stream = iter(items)
    while some := list(islice(stream, MOST_IN_BULK)):
        yield list({item.name: item for item in some}.values())


def _row(name: str) -> str:
    return name.rpartition("-")[0]


def _answered(one: Mapping[str, Any]) -> bool:
    return bool(one.get("responses"))
