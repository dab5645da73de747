"""A supervised server that goes down comes back, so many times, and is given up in words."""

import asyncio
import shutil
from pathlib import Path

import pytest

from smoltalk.errors import WorldError
from smoltalk.serving.kept import Kept
from smoltalk.serving.probe import get
from smoltalk.serving.server import Server
from tests.processes import LONGEST
from tests.serving.supervised import down, launch


@pytest.mark.parametrize("how", ["/die", "/hang", "/sick"])
def test_a_server_that_dies_or_hangs_comes_back(tmp_path: Path, how: str) -> None:
    async def scene() -> int:
        # Only where its silence is waited for is a machine that is busy with others taken for a server that hangs.
        server = Server(launch(tmp_path, "idle", restarts=100, hang_after=LONGEST if how == "/die" else 1.0))
        await server.start()
        await down(server, how)
        while await get(await server.up(), "/health", 5) is None:
            pass
        await server.stop()
        return server.restarted

    restarted = asyncio.run(scene())
    assert restarted == 1 or (restarted > 1 and how != "/die")


def test_requests_without_a_token_are_a_hang(tmp_path: Path) -> None:
    async def scene() -> int:
        server = Server(launch(tmp_path, hang_after=0.3))
        await server.start()
        while not server.restarted:
            await asyncio.sleep(0.02)
        await server.stop()
        return server.restarted

    assert asyncio.run(scene()) == 1


def test_it_is_given_up_after_so_many_restarts(tmp_path: Path) -> None:
    async def scene() -> None:
        server = Server(launch(tmp_path, "idle", restarts=2))
        await server.start()
        try:
            for _ in range(3):
                await down(server, "/die")
        finally:
            assert server.restarted == 2
            assert server.is_lost
            await server.stop()

    with pytest.raises(WorldError, match=r"went down \(it ended with exit code 3\), after 2 restarts"):
        asyncio.run(scene())


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(OSError, match="taken"):
        Kept(["true"], {}, tmp_path / "taken" / "server.log", 1)


@pytest.mark.parametrize("blocked", [False, True], ids=["log_removed", "log_in_the_way"])
def test_a_log_that_goes_away_while_it_runs(tmp_path: Path, blocked: bool) -> None:
    async def scene() -> None:
        server = Server(launch(tmp_path / "logs", "idle", restarts=1))
        await server.start()
        shutil.rmtree(tmp_path / "logs")
        if blocked:
            (tmp_path / "logs").write_text("a file")
        try:
            async with asyncio.timeout(LONGEST):
                await down(server, "/die")
            assert server.restarted == 1
        finally:
            await server.stop()

    if blocked:
        with pytest.raises(WorldError, match=r"pretend cannot be started again: .*logs"):
            asyncio.run(scene())
    else:
        asyncio.run(scene())
