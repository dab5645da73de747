"""Answers from an Argilla dataset: everybody's, of every status, with the times they were given."""

from collections.abc import Iterator

from smoltalk.errors import WorldError
from smoltalk.review.argilla.client import Argilla
from smoltalk.review.argilla.pushing import for_owner
from smoltalk.review.argilla.records import answers
from smoltalk.review.records import Answer


def pull(argilla: Argilla, dataset: str, workspace: str) -> Iterator[Answer]:
    """All answers there are, those to the owner's dataset of conflicts among them; streams.

    Raises `WorldError`, also where nothing was pushed.
    """
    place = argilla.dataset(dataset, argilla.workspace(workspace))
    if place is None:
        raise WorldError(
            f"{argilla.url} has no dataset `{dataset}` in workspace `{workspace}`", command="smoltalk review push RUN"
        )
    people = argilla.people()
    for record in argilla.records(place, include=["responses"]):
        yield from answers(record, people, argilla.url)
    theirs, there = for_owner(dataset, workspace), argilla.workspaces()
    if theirs[1] in there and (place := argilla.dataset(theirs[0], there[theirs[1]])):
        for record in argilla.records(place, include=["responses"]):
            yield from answers(record, people, f"{argilla.url} {theirs[0]}")
