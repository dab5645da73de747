"""Items to an Argilla dataset: each text once, however often it is pushed; nobody's answers are lost."""

from collections.abc import Callable, Iterable, Iterator, Mapping
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
    reviewers: int
    """People who are to answer each record."""
    blind: bool
    """Neither evidence nor suggestions are shown."""


class Pushed(NamedTuple):
    """What a push did."""

    new: int
    there: int
    """Records that were there already, brought up to date."""
    removed: int
    """Records of texts that rows have no longer, which nobody had answered."""
    stale: int
    """Such records with answers: they stay, and their answers do not count."""


def push(argilla: Argilla, place: Place, makes: Makes, items: Iterable[Item], tell: Callable[[int], None]) -> Pushed:
    """Bring a dataset up to date with the items; a push that broke off goes on where it stopped.

    A text that changed is another record, so that it never keeps old answers. Raises `WorldError`.
    """
    workspace = argilla.workspace(place.workspace)
    dataset = argilla.dataset(place.dataset, workspace)
    wants = settings(makes, place.reviewers, place.blind)
    if dataset is None:
        dataset = argilla.create(place.dataset, workspace, wants)
    questions = argilla.questions(dataset)
    _same_kind(argilla, dataset, place.dataset, wants, questions)
    there = {one["external_id"]: one for one in argilla.records(dataset, include=["responses"]) if one["external_id"]}
    wanted: dict[str, str] = {}
    new = 0
    for some in _batches(items):
        for item in some:
            wanted[item.id] = item.name
        new += sum(item.name not in there for item in some)
        argilla.put(dataset, [record(item, place.blind, questions) for item in some])
        tell(len(wanted))
    old = [one for name, one in there.items() if _row(name) in wanted and wanted[_row(name)] != name]
    unanswered = [one["id"] for one in old if not _answered(one)]
    argilla.delete(dataset, unanswered)
    return Pushed(new, len(wanted) - new, len(unanswered), len(old) - len(unanswered))


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
