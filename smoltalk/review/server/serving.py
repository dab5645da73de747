"""One Argilla server as a child process: started, watched until it answers, and stopped without a trace."""

import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.review.server.home import Home, Person

_PATIENCE = 120.0
"""Seconds until a server that is starting is given up."""
_GRACE = 10.0
"""Seconds that it has to end when asked."""
_FOLDER = Path(__file__).parent


class Server:
    """A server that answers."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str) -> None:
        self.url = url
        self._process = process

    def wait(self) -> int:
        """Until it ends; its exit code."""
        return self._process.wait()

    def stop(self) -> None:
        """Ask it to end, and make it end where it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def served(python: Path, home: Home, people: Sequence[Person], port: int, workspace: str) -> Iterator[Server]:
    """A server for as long as the block lasts; `port` 0 is any free one.

    Raises `UserError` (the port is taken) and `WorldError` (the folder is being served, or the server does not start).
    """
    with home.lock.open("a+") as lock:
        _hold(lock.fileno(), home)
        free(port)
        with home.log.open("ab") as log:
            process = subprocess.Popen(
                [str(python), "-m", "embedded"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                cwd=home.path, env=_surroundings(home), start_new_session=True,
            )  # fmt: skip
        server = Server(process, "")
        try:
            told = {
                "home": str(home.path.resolve()), "port": port, "workspace": workspace,
                "people": [asdict(one) for one in people],
            }  # fmt: skip
            assert process.stdin is not None
            process.stdin.write(json.dumps(told).encode() + b"\n")
            process.stdin.flush()
            server.url = _answered(process, home)
            home.address.write_text(server.url, "utf-8")
            yield server
        finally:
            server.stop()
            home.address.unlink(missing_ok=True)
            shutil.rmtree(home.path / "tmp", ignore_errors=True)  # a copy of the server's pages


def _surroundings(home: Home) -> dict[str, str]:
    """The child's environment: settings of ours, none of the caller's, and nobody is told anything."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
    path = home.path.resolve()
    return kept | {
        "PYTHONPATH": str(_FOLDER),
        "ARGILLA_HOME_PATH": str(path),
        "ARGILLA_DATABASE_URL": f"sqlite+aiosqlite:///{path / 'argilla.db'}?check_same_thread=False",
        "ARGILLA_DATABASE_SQLITE_TIMEOUT": "60",
        "ARGILLA_SEARCH_ENGINE": "sqlite",
        "ARGILLA_AUTH_SECRET_KEY": home.secret(),
        "ARGILLA_SHOW_HUGGINGFACE_SPACE_PERSISTENT_STORAGE_WARNING": "false",
        "ARGILLA_ENABLE_TELEMETRY": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
    }


def _answered(process: "subprocess.Popen[bytes]", home: Home) -> str:
    """The address that the server says once it answers."""
    assert process.stdout is not None
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if not select.select([process.stdout], [], [], 0.2)[0]:
            continue
        line = process.stdout.readline()
        if not line:
            break
        if line.startswith(b'{"url"'):
            return str(json.loads(line)["url"])
    said = "\n    ".join(home.log.read_text("utf-8", "replace").strip().splitlines()[-6:])
    raise WorldError(
        f"the Argilla server did not start:\n    {said}",
        kept=f"records and answers, in {home.path}; all it said is in {home.log}",
        command="smoltalk review serve",
    )


def free(port: int) -> None:
    """Raises `UserError` where the port is taken; 0 is any that is free."""
    if not port:
        return
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
        except OSError as error:
            sentence = f"port {port} cannot be had: {error.strerror}"
            raise UserError([Problem("--port", 0, sentence, "--port 0 takes any that is free")]) from error


def _hold(lock: int, home: Home) -> None:
    """The kernel lets go of the lock however this process ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        try:
            where = f" at {home.address.read_text('utf-8')}"
        except OSError:
            where = ""
        raise WorldError(f"{home.path} is being served already{where}", command="--home ANOTHER_FOLDER") from error
