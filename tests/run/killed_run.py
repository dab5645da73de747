"""Run as a program: begins a run in one child process after another, each killed with -9 at a random moment.

    python -m tests.run.killed_run PIPELINE PEACEFUL KILLED TIMES

First a run into the folder PEACEFUL, to its end; then one into KILLED. Prints how often that was killed. A child is a
fork of this process, which has everything loaded and started no thread: it is killed at work, not while it loads. Each
kill comes after a random time or a few more replies, whichever is first: on a machine of any speed there is as much
left to do for the next one.
"""

import importlib
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from smoltalk.cli import main
from smoltalk.engines.nano import Nano
from smoltalk.requests import Reply, Request


def kill() -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def soon(seconds: float, chance: random.Random) -> None:
    """Kill it somewhere within that time, wherever its main thread is then."""
    timer = threading.Timer(chance.uniform(0, seconds), kill)
    timer.daemon = True
    timer.start()


def doomed(replies: int, seconds: float, chance: random.Random) -> None:
    """Kill it after so many replies or seconds, or a little later."""
    complete, so_far = Nano.complete, 0

    async def counted(self: Nano, request: Request) -> Reply:
        nonlocal so_far
        reply = await complete(self, request)
        so_far += 1
        if so_far == replies:
            soon(0.02, chance)
        return reply

    Nano.complete = counted  # type: ignore[method-assign]
    soon(seconds, chance)


def run(pipeline: str, folder: str) -> int:
    """`smoltalk run`; what it says goes to a file beside the folder."""
    with Path(f"{folder}.said").open("w") as said:
        sys.stdout = sys.stderr = said
        return main(["run", pipeline, "--out", folder])


def forked(work: Callable[[], int]) -> int:
    """The exit code of a child that does this; less than 0 where a signal ended it."""
    pid = os.fork()
    if not pid:
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def loaded(pipeline: str, folder: str) -> None:
    """Have a child run to its end in peace, and load here all that it had loaded."""
    names = Path(f"{folder}.modules")

    def work() -> int:
        code = run(pipeline, folder)
        names.write_text("\n".join(sys.modules))
        return code

    assert forked(work) == 0, Path(f"{folder}.said").read_text()
    for name in names.read_text().split("\n"):
        with suppress(ImportError):
            importlib.import_module(name)


def kills(pipeline: str, folder: str, wanted: int) -> int:
    """How many children were killed before one came through."""
    chance = random.Random(7)
    for number in range(wanted):
        replies, seconds, seed = chance.randint(1, 8), chance.choice([0.3, 2.0, 60.0]), chance.random()

        def work() -> int:
            doomed(replies, seconds, random.Random(seed))  # noqa: B023  it is called at once
            return run(pipeline, folder)

        if forked(work) != -signal.SIGKILL:
            return number
    return wanted


if __name__ == "__main__":
    _, pipeline, peaceful, killed, wanted = sys.argv
    loaded(pipeline, peaceful)
    print(kills(pipeline, killed, int(wanted)))
