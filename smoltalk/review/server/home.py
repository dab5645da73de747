"""Where a review server keeps what must outlast it: its database, its secret, and who may sign in."""

import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from smoltalk.errors import Problem, UserError

_PRIVATE = 0o600
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_WORDS = 16
"""Bytes of randomness in a password or key."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in."""

    name: str
    role: str
    """`owner` or `annotator`."""
    password: str
    key: str


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one server."""

    path: Path

    @property
    def credentials(self) -> Path:
        """Names, passwords and keys; only its owner can read it."""
        return self.path / "credentials.json"

    @property
    def lock(self) -> Path:
        """Held by the process that serves this folder."""
        return self.path / "lock"

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.path / "server.log"

    @property
    def address(self) -> Path:
        """The URL it is served under now; gone when it is not."""
        return self.path / "url"

    def make(self) -> None:
        """The folder, for nobody else to look into. Raises `UserError`."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            sentence = f"{self.path} cannot be a folder: {error.strerror}"
            raise UserError([Problem("--home", 0, sentence, "name another: --home FOLDER")]) from error

    def people(self, reviewers: tuple[str, ...] = ()) -> tuple[list[Person], list[Person]]:
        """Everybody, and those among them who are new: an owner, and a reviewer of each name. Raises `UserError`."""
        if bad := [name for name in reviewers if not _NAME.fullmatch(name) or name == "owner"]:
            sentence = f"`{bad[0]}` is no name for a reviewer" if bad[0] != "owner" else "`owner` is there already"
            raise UserError([Problem("--reviewers", 0, sentence, "names of a-z, 0-9, - and _: --reviewers ann,bob")])
        known = self._known()
        wanted = {"owner": "owner"} | dict.fromkeys(reviewers, "annotator")
        new = [
            Person(name, role, secrets.token_urlsafe(_WORDS), secrets.token_urlsafe(_WORDS))
            for name, role in wanted.items()
            if name not in known
        ]
        everybody = [*known.values(), *new]
        if new:
            _write_privately(self.credentials, json.dumps([asdict(one) for one in everybody], indent=2))
        return everybody, new

    def secret(self) -> str:
        """What signs tokens: the same at each start, so that nobody is signed out by one."""
        place = self.path / "secret"
        if not place.exists():
            _write_privately(place, secrets.token_hex(32))
        return place.read_text("utf-8")

    def _known(self) -> dict[str, Person]:
        if not self.credentials.exists():
            return {}
        try:
            return {one["name"]: Person(**one) for one in json.loads(self.credentials.read_text("utf-8"))}
        except (OSError, ValueError, TypeError, KeyError) as error:
            sentence = f"{self.credentials} cannot be read: {type(error).__name__}"  # its text holds passwords
            raise UserError([Problem("--home", 0, sentence, "put it back, or name another: --home FOLDER")]) from None


def key_for(url: str, home: Home) -> str | None:
    """The owner's key of the server in a home, if it is the one at this address."""
    people = home._known() if address_of(home) == url.rstrip("/") else {}
    return people["owner"].key if "owner" in people else None


def address_of(home: Home) -> str | None:
    """Where the server of a home answers; None where it is not running."""
    try:
        return home.address.read_text("utf-8").strip() or None
    except OSError:
        return None


def default_home() -> Home:
    """`smoltalk/review` where this user's programs keep data (XDG base directories)."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Home(Path(data) / "smoltalk" / "review")


def _write_privately(path: Path, text: str) -> None:
    """A whole file or none, which nobody else can read at any moment."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "w", encoding="utf-8") as stream:
        stream.write(text)
    new.replace(path)
