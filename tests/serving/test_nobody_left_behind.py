"""Whatever ends, and however: no server, and nothing that one started, outlives it."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from smoltalk.errors import WorldError
from smoltalk.serving.probe import get
from smoltalk.serving.server import Server, start_all
from tests.processes import gone, until, words_of
from tests.serving.supervised import ROOT, Started, launch


@pytest.mark.usefixtures("started")
def test_when_one_of_several_fails_all_are_stopped(tmp_path: Path) -> None:
    async def scene() -> None:
        await start_all([Server(launch(tmp_path, "idle")), Server(launch(tmp_path, "oom"))])

    with pytest.raises(WorldError, match="out of memory"):
        asyncio.run(scene())


def test_what_a_server_starts_in_sessions_of_its_own_ends_with_it(tmp_path: Path) -> None:
    async def scene() -> None:
        server = Server(launch(tmp_path, "child", "stubborn", grace=0.3))
        await server.start()
        await server.stop()

    asyncio.run(scene())
    assert until(lambda: gone(int((tmp_path / "child.pid").read_text())))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper")
def test_what_a_dead_server_leaves_behind_is_ended(tmp_path: Path) -> None:
    async def scene() -> None:
        server = Server(launch(tmp_path, "child", "idle", restarts=0))
        await server.start()
        while not server.is_lost:
            await get(await server.up(), "/die", 1)

    asyncio.run(scene())
    assert until(lambda: gone(int((tmp_path / "child.pid").read_text())))


PARENT = """
import asyncio, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from smoltalk.serving.server import Server
from tests.serving.supervised import launch

async def main():
    server = Server(launch(Path(sys.argv[1]), "child", sys.argv[1]))
    await server.start()
    print("ready", flush=True)
    {then}

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a signal at the parent's death")
def test_a_server_ends_even_when_keeper_and_parent_are_killed_at_once(tmp_path: Path) -> None:
    program = PARENT.format(root=str(ROOT), then="await asyncio.sleep(600)")
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    [keeper] = psutil.Process(parent.pid).children()
    [server] = keeper.children()
    parent.send_signal(signal.SIGSTOP)
    keeper.kill()
    parent.kill()
    parent.communicate()
    assert until(lambda: gone(server.pid))
    with suppress(ProcessLookupError):
        os.kill(int((tmp_path / "child.pid").read_text()), signal.SIGKILL)


def test_a_killed_keeper_takes_the_server_along(tmp_path: Path, started: Started) -> None:
    async def scene() -> None:
        server = Server(launch(tmp_path, restarts=0))
        await server.start()
        family = started()
        [keeper] = [process for process in family if process.ppid() == os.getpid()]
        keeper.kill()
        try:
            while not server.is_lost:
                await asyncio.sleep(0.02)
        finally:
            await server.stop()
        assert until(lambda: all(gone(process.pid) for process in family))

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("then", "how"),
    [
        ("await asyncio.sleep(600)", signal.SIGKILL),
        ("await asyncio.sleep(600)", signal.SIGINT),
        ("await asyncio.sleep(600)", signal.SIGTERM),
        ("1 / 0", None),
        ("import os; os._exit(0)", None),
    ],
    ids=["kill", "interrupt", "terminate", "exception", "sudden_exit"],
)
def test_no_process_outlives_its_parent(tmp_path: Path, then: str, how: signal.Signals | None) -> None:
    program = PARENT.format(root=str(ROOT), then=then)
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    child = int((tmp_path / "child.pid").read_text())
    if how is not None:
        assert not gone(child)
        parent.send_signal(how)
    parent.communicate()
    assert until(lambda: gone(child)), "the server's own child is gone"
    assert until(lambda: not [one for one in psutil.process_iter() if str(tmp_path) in words_of(one)])
