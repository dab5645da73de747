"""One start of a server program under its keeper: its exit, the end of its log, and stopping it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

_KEEPER = Path(__file__).parent / "keeper.py"
_TAIL_BYTES = 256 * 1024
_POLL = 0.05


class Kept:
    """A program that runs, its output in a log. Never outlives this process, not even one that is killed."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path, grace: float) -> None:
        """Start it. `grace`: seconds between asking it to end and killing it. Raises `OSError` for a log on no disk."""
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log, self._grace = log, grace
        with log.open("ab") as out:
            self._from = out.tell()
            self._keeper = subprocess.Popen(
                [sys.executable, "-P", str(_KEEPER), str(os.getpid()), str(grace), *command],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def code(self) -> int | None:
        """Exit code of the program, 128 + N after signal N; None while it runs."""
        code = self._keeper.poll()
        if code is not None and code < 0:  # the keeper was killed: nobody else is left to end its session
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._keeper.pid, signal.SIGKILL)
            return 128 - code
        return code

    def listens(self, port: int) -> bool:
        """Whether whoever answers on a port is this program, not another that took it first; True if none can tell."""
        try:
            family = psutil.Process(self._keeper.pid).children(recursive=True)
            return any(_listens(process, port) for process in family)
        except psutil.NoSuchProcess:
            return False
        except (psutil.Error, OSError):
            return True

    def tail(self) -> list[str]:
        """The last lines (256 KB of them) that the program wrote since it was started; blank ones are left out."""
        try:
            with self.log.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                log.seek(max(self._from, end - _TAIL_BYTES))
                text = log.read().decode("utf-8", "replace")
        except OSError:  # somebody took it away
            return []
        return [line.rstrip() for line in text.splitlines() if line.strip()]

    async def stop(self) -> None:
        """End it and all it started; returns when they are gone. Safe to call twice; a cancelled call kills at once."""
        if self.code() is not None:
            return
        self._keeper.terminate()
        try:
            async with asyncio.timeout(self._grace + 10):
                while self.code() is None:
                    await asyncio.sleep(_POLL)
        except (TimeoutError, asyncio.CancelledError) as error:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._keeper.pid, signal.SIGKILL)
            self._keeper.wait()
            if isinstance(error, asyncio.CancelledError):
                raise


def _listens(process: psutil.Process, port: int) -> bool:
    """Whether a process listens on a port: one that has just left does not, one that must not be looked at may."""
    try:
        found = process.net_connections("tcp4")
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # also said of a process on its way out
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return any(one.laddr.port == port and one.status == psutil.CONN_LISTEN for one in found)
