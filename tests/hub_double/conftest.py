"""The pretended Hub, for tests of it and of what reads from it."""

from tests.hub_double.fixture import hub as hub
