"""Runs programs from the factory's side: up to one server a core, started when needed, replaced when lost."""

import atexit
import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from smoltalk.sandbox import wire
from smoltalk.sandbox.limits import Limits, Ran
from smoltalk.sandbox.protections import confined, described

_ROOT = str(Path(__file__).resolve().parents[2])
_BOOT = (
    f"import sys; sys.path.insert(0, {_ROOT!r}); from smoltalk.sandbox import server; sys.path.pop(0); "
    "server.main(int(sys.argv[1]), *sys.argv[2:])"
)
OPT_IN = "SMOLTALK_RUN_UNCONFINED"
"""Environment variable; 1 runs programs also where nothing keeps them from the files of the user."""
UNCONFINED = (
    "this machine has nothing that keeps a program from your files (docs/sandbox.md); "
    f"set {OPT_IN}=1 to run programs with your rights all the same"
)
_START_SECONDS = 30.0
_GRACE_SECONDS = 20.0
"""How much longer than its program a server may take before it is taken for lost."""


def run_python(
    code: str, *, tests: str = "", value: str = "", hollow: bool = False, limits: Limits | None = None
) -> Ran:
    """Run `code`, then `tests` over its names, then the expression `value`, confined; any text may come in.

    Test functions without arguments and unittest cases in `tests` are called. The code is module `solution`, so
    `if __name__ == "__main__":` does not run. Only the standard library is there. `hollow` lets every function of the
    code return nothing: tests that pass all the same check nothing.

    Blocks, for a time that `limits` bounds; call it off the event loop (`off_loop`). Safe from many threads: at most
    one program a core runs at once.
    """
    limits = limits or Limits()
    job = {"code": code, "tests": tests, "value": value, "hollow": hollow, **asdict(limits)}
    with _TURN:
        return _run(job)


def protections() -> dict[str, Any]:
    """What a server found on this machine: `namespaces`, `private`, `landlock`, `seccomp`, `nobody`. Starts one."""
    with _TURN:
        server = _take()
        _IDLE.append(server)
        return server.means


def close() -> None:
    """End every idle server. They end by themselves when this process does."""
    while _IDLE:
        _IDLE.pop().stop()


class Server:
    """One server process and its socket; `without` leaves protections out, as on a machine that lacks them."""

    def __init__(self, without: str = "") -> None:
        self.folder = tempfile.mkdtemp(prefix="smoltalk-sandbox-")
        self.control, theirs = socket.socketpair()
        arguments = ["-P", "-s", "-S", "-B", "-u", "-X", "utf8", "-c", _BOOT, str(theirs.fileno())]
        # A fixed hash seed: the same program gets the same verdict every time. Nothing else of ours goes in.
        environment = {"PYTHONHASHSEED": "0"}
        self.process = subprocess.Popen(
            [sys.executable, *arguments, self.folder, without],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        self.control.settimeout(_START_SECONDS)
        hello = None
        with contextlib.suppress(OSError):
            hello = wire.receive(self.control)
        if hello is None:
            said = self.stop().strip().splitlines()
            raise OSError(said[-1] if said else "the sandbox did not start")
        self.means = hello

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """Run one program. Raises `OSError` when the server is lost."""
        self.control.settimeout(2 * job["seconds"] + _GRACE_SECONDS)
        wire.send(self.control, job)
        reply = wire.receive(self.control)
        if reply is None:
            raise OSError("the sandbox ended")
        return reply

    def stop(self) -> str:
        """End it with all its children; what it said on stderr."""
        self.control.close()
        try:
            _, said = self.process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            _, said = self.process.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)
        return said.decode("utf-8", "replace")


CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_TURN = threading.BoundedSemaphore(CORES)
_IDLE: list[Server] = []
atexit.register(close)


def _forget() -> None:
    """In a forked child of the factory: the servers are its parent's, and so is whoever waits for a turn."""
    global _TURN
    _IDLE.clear()
    _TURN = threading.BoundedSemaphore(CORES)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _take() -> Server:
    while _IDLE:
        server = _IDLE.pop()
        if server.process.poll() is None:
            return server
        server.stop()
    server = Server()
    _warn(described(server.means))
    return server


@cache
def _warn(line: str) -> None:
    """Say once what this machine lacks."""
    if "without" in line:
        logging.getLogger(__name__).warning(line)


def _run(job: dict[str, Any]) -> Ran:
    """On an idle server or a new one; one that is lost is replaced, and its program is not run twice."""
    try:
        server = _take()
    except OSError as error:
        return Ran("not_run", f"the sandbox does not start: {error}")
    if not confined(server.means) and os.environ.get(OPT_IN) != "1":
        _IDLE.append(server)
        return Ran("not_run", UNCONFINED)
    try:
        reply = server.ask(job)
    except (OSError, ValueError) as error:
        server.stop()
        return Ran("not_run", f"the sandbox was lost: {error}" if isinstance(error, OSError) else str(error))
    except BaseException:  # an interrupt between question and answer
        server.stop()
        raise
    _IDLE.append(server)
    if reply.get("value"):
        with contextlib.suppress(ValueError, RecursionError):
            reply["value"] = json.loads(reply["value"])
    else:
        reply["value"] = None
    return Ran(**reply)
