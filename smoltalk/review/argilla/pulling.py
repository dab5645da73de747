"""Answers from an Argilla dataset: everybody's, of every status, with the times they were given."""

from collections.abc import Iterator

from smoltalk.errors import WorldError
from smoltalk.review.argilla.client import Argilla
from smoltalk.review.argilla.records import answers
from smoltalk.review.records import Answer


def pull(argilla: Argilla, dataset: str, workspace: str) -> Iterator[Answer]:
    """All answers there are; streams. Raises `WorldError`, also where nothing was pushed."""
    place = argilla.dataset(dataset, argilla.workspace(workspace))
    if place is None:
        raise WorldError(
            f"{argilla.url} has no dataset `{dataset}` in workspace `{workspace}`", command="smoltalk review push RUN"
        )
    people = argilla.people()
    for record in argilla.records(place, include=["responses"]):
        yield from answers(record, people, argilla.url)
