"""One request to the pretended Hub, and its answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.hub_double.store import Refusal, Repository, Store

if TYPE_CHECKING:
    from tests.hub_double.server import HubDouble


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    hub: "HubDouble"
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    user: str | None
    """Whose token came with it."""
    parts: dict[str, str]
    """What the path says: kind, name, revision, path."""

    @property
    def store(self) -> Store:
        return self.hub.store

    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    def repository(self) -> Repository:
        return self.store.repository(self.parts["kind"], self.parts["name"], self.user)

    def must_be_known(self) -> str:
        if self.user is None:
            raise Refusal(401, "Invalid username or password.")
        return self.user

    def must_own(self, name: str) -> str:
        user = self.must_be_known()
        if name.split("/")[0] not in (user, *self.hub.organisations):
            raise Refusal(403, f"You don't have the rights to write to {name}")
        return user

    def writable(self) -> Repository:
        self.must_own(self.parts["name"])
        return self.repository()


def json_answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})
