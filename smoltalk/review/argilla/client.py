"""One Argilla server: its API as Python, its refusals as sentences."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.redaction import redact

MOST_IN_BULK = 200
"""Records of one request; the server takes 500, its database not always (argilla-io/argilla 2.8.0)."""
_MOST_DELETED = 100
_PAGE = 500
_TRIES = 5
_PAUSE = 0.5
"""Seconds before the second try; doubled for each one after."""
_AGAIN = {429, 502, 503, 504}


class User(NamedTuple):
    """Somebody who may sign in."""

    name: str
    owner: bool


class Argilla:
    """A signed-in client. `token` is for private Spaces on the Hub, which ask for it before Argilla is asked.

    Methods raise `WorldError`. Requests that change nothing twice are tried again where the network or the server
    stumbles. The key travels in a header and stands in no message.
    """

    def __init__(self, url: str, key: str, token: str | None = None) -> None:
        """Raises `UserError` for what is no address, or no key."""
        self.url = url.rstrip("/")
        if problems := [*_wrong_url(url), *_wrong_key(key)]:
            raise UserError(problems)
        headers = {"X-Argilla-Api-Key": key} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._http = httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60.0)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def call(self, method: str, path: str, **options: Any) -> Any:
        """What the API answers. All our requests are idempotent but the making of datasets, which is not repeated."""
        tries = 1 if method == "POST" else _TRIES
        for attempt in range(tries):
            last = attempt == tries - 1
            try:
                answer = self._http.request(method, path, **options)
            except httpx.TransportError as error:
                if last:
                    raise self._gone(error) from error
            else:
                if answer.status_code not in _AGAIN or last:
                    return self._read(answer, method, path)
            time.sleep(_PAUSE * 2**attempt)
        raise AssertionError("unreachable")

    def sign_in(self) -> dict[str, Any]:
        """Who the key belongs to; refuses servers that are not Argilla 2."""
        found = self.call("GET", "/version")
        version = str(found.get("version", "")) if isinstance(found, dict) else ""
        if not version.startswith("2."):
            said = f"is Argilla {version}" if version else "is no Argilla server"
            raise WorldError(f"{self.url} {said}; version 2 is needed", command="smoltalk review serve, which has one")
        me: dict[str, Any] = self.call("GET", "/me")
        return me

    # ------------------------------------------------------------ workspaces, people, datasets

    def workspaces(self) -> dict[str, str]:
        """Ids of the workspaces that the key may see, by name."""
        return {item["name"]: str(item["id"]) for item in self.call("GET", "/me/workspaces")["items"]}

    def workspace(self, name: str, make: bool = False) -> str:
        """The id of a workspace, which must be there, or is made."""
        found = self.workspaces()
        if name in found:
            return found[name]
        if make:
            return str(self.call("POST", "/workspaces", json={"name": name})["id"])
        there = ", ".join(sorted(found)) or "none"
        raise WorldError(
            f"{self.url} has no workspace `{name}` for this key; there is: {there}", command="--workspace NAME"
        )

    def people(self) -> dict[str, User]:
        """Users by id; only an owner sees them, others see themselves."""
        me = self.call("GET", "/me")
        users = self.call("GET", "/users")["items"] if me.get("role") == "owner" else [me]
        return {user["id"]: User(user["username"], user.get("role") == "owner") for user in users}

    def dataset(self, name: str, workspace: str) -> str | None:
        """The id of a published dataset; None where there is none of that name."""
        for item in self.call("GET", "/me/datasets")["items"]:
            if item["name"] == name and item["workspace_id"] == workspace:
                if item["status"] == "ready":
                    return str(item["id"])
                self.call("DELETE", f"/datasets/{item['id']}")  # of a call that broke off before it was published
        return None

    def create(self, name: str, workspace: str, settings: Mapping[str, Any]) -> str:
        """A new dataset with its fields, questions and metadata, published."""
        head = {
            "name": name, "workspace_id": workspace, "guidelines": settings["guidelines"], "allow_extra_metadata": True,
            "distribution": {"strategy": "overlap", "min_submitted": settings["reviewers"]},
        }  # fmt: skip
        made = str(self.call("POST", "/datasets", json=head)["id"])
        for part in ("fields", "questions", "metadata-properties"):
            for item in settings[part]:
                self.call("POST", f"/datasets/{made}/{part}", json=item)
        self.call("PUT", f"/datasets/{made}/publish")
        return made

    def overlap(self, dataset: str, people: int | None = None) -> int | None:
        """How many people were to answer each record before; now `people`, where that is said."""
        found = (self.call("GET", f"/datasets/{dataset}").get("distribution") or {}).get("min_submitted")
        if people is not None and found != people:
            new = {"distribution": {"strategy": "overlap", "min_submitted": people}}
            self.call("PATCH", f"/datasets/{dataset}", json=new)
        return int(found) if found is not None else None

    def fields(self, dataset: str) -> set[str]:
        """Names of a dataset's fields."""
        return {item["name"] for item in self.call("GET", f"/datasets/{dataset}/fields")["items"]}

    def questions(self, dataset: str) -> dict[str, str]:
        """Ids of a dataset's questions, by name."""
        return {item["name"]: item["id"] for item in self.call("GET", f"/datasets/{dataset}/questions")["items"]}

    # ------------------------------------------------------------ records

    def put(self, dataset: str, records: Sequence[Mapping[str, Any]]) -> None:
        """Add records, or bring those with the same `external_id` up to date; at most `MOST_IN_BULK`."""
        self.call("PUT", f"/datasets/{dataset}/records/bulk", json={"items": list(records)})

    def records(self, dataset: str, include: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
        """All records, in the server's order; with `responses`, those of everybody whom the key may see."""
        offset = 0
        while True:
            options = {"offset": offset, "limit": _PAGE, "include": list(include)}
            page = self.call("GET", f"/datasets/{dataset}/records", params=options)["items"]
            yield from page
            offset += len(page)
            if len(page) < _PAGE:
                return

    def delete(self, dataset: str, ids: Sequence[str]) -> None:
        """Remove records by the server's ids."""
        for start in range(0, len(ids), _MOST_DELETED):
            some = ",".join(ids[start : start + _MOST_DELETED])
            self.call("DELETE", f"/datasets/{dataset}/records", params={"ids": some})

    # ------------------------------------------------------------ refusals

    def _read(self, answer: httpx.Response, method: str, path: str) -> Any:
        if answer.is_success:
            try:
                return answer.json() if answer.content else None
            except ValueError as error:
                raise WorldError(f"{self.url} is no Argilla server: it answers with {_kind(answer)}") from error
        match answer.status_code:
            case 403:
                raise WorldError(
                    f"{self.url} does not let this key do that ({method} {path}): it takes an owner's or admin's"
                )
            case 401 | 404 if path == "/version" and self.url.endswith(".hf.space"):
                raise WorldError(
                    f"{self.url} is no Argilla server, or a private Space",
                    command="HF_TOKEN=..., a token that may read the Space",
                )
            case 401:
                raise WorldError(
                    f"{self.url} does not know this key", command="--api-key KEY, from the server's page My settings"
                )
            case 404 if path == "/version":
                raise WorldError(f"{self.url} is no Argilla server, or an old one: it has no API of version 1")
            case _:
                said = redact(" ".join(answer.text.split())[:300])
                raise WorldError(f"{self.url} refuses {method} {path}: {answer.status_code} {said}")

    def _gone(self, error: httpx.TransportError) -> WorldError:
        return WorldError(f"{self.url} cannot be reached: {error or type(error).__name__}")


def _wrong_url(url: str) -> Iterator[Problem]:
    hint = "--url http://127.0.0.1:6900, or https://OWNER-SPACE.hf.space"
    try:
        parts = urlsplit(url)
        host, known = parts.hostname, parts.port is None or parts.port > 0
    except ValueError:
        host, known = None, False
    if not (host and known and url.isprintable()) or parts.scheme not in ("http", "https"):
        yield Problem("--url", 0, "is no address of a server", hint)
    elif parts.username is not None or parts.query or parts.fragment:
        yield Problem("--url", 0, "holds more than an address: names, passwords and keys have no place in it", hint)


def _wrong_key(key: str) -> Iterator[Problem]:
    """A header cannot carry every text, and what refuses one prints it."""
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        hint = "copy it from the server's page My settings"
        yield Problem("--api-key", 0, "is no key: it is empty, or has spaces or letters that no key has", hint)


def _kind(answer: httpx.Response) -> str:
    return str(answer.headers.get("content-type", "something else")).partition(";")[0]
