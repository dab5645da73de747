"""The real server in a temporary home, where its environment is there; `make test-review` makes it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from smoltalk.review.server import locked
from smoltalk.review.server.home import Home, Person
from smoltalk.review.server.serving import Server, served

PEOPLE = ("ann", "bob")


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python of the server's own environment."""
    if named := os.environ.get("SMOLTALK_ARGILLA_PYTHON"):
        return Path(named)
    if os.environ.get("SMOLTALK_ARGILLA") != "1":
        pytest.skip("the Argilla server is not installed here: `make test-review` installs it (SMOLTALK_ARGILLA=1)")
    return locked.environment(print)


class Place:
    """A server, its home and who may sign in."""

    def __init__(self, server: Server, home: Home, people: list[Person]) -> None:
        self.url, self.home = server.url, home
        self.keys = {person.name: person.key for person in people}


@pytest.fixture(scope="module")
def place(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One server for the tests of a module."""
    home = Home(tmp_path_factory.mktemp("review") / "home")
    home.make()
    people, _ = home.people(PEOPLE)
    with served(python, home, people, 0, "review") as server:
        yield Place(server, home, people)
