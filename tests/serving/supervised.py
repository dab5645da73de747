"""A supervised server that is pretended: its launch, and the ways to make it go down."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from smoltalk.serving.probe import get
from smoltalk.serving.server import Launch, Server
from tests.processes import LONGEST

PRETEND = str(Path(__file__).parent / "pretend_server.py")
ROOT = Path(__file__).resolve().parents[2]
Started = Callable[[], list[psutil.Process]]


def launch(folder: Path, *words: str, **changes: Any) -> Launch:
    """How the pretended server, told these words, is started with its books in a folder."""

    def command(port: int) -> list[str]:
        return [sys.executable, PRETEND, str(port), *words]

    given: dict[str, Any] = {"beat": 0.02, "pulse": 0.05, "grace": 5.0, "start_within": LONGEST, **changes}
    environment = {**os.environ, "SECRET": "s3cret", "CHILD_PID": str(folder / "child.pid")}
    return Launch("pretend", command, environment, folder / "pretend.log", **given)


def start_once(launched: Launch) -> None:
    """Start it, for what is raised."""

    async def scene() -> None:
        await Server(launched).start()

    asyncio.run(scene())


async def down(server: Server, how: str) -> int:
    """Make the server go down, told as often as it takes to hear it; the port it comes back on."""
    before = server.restarted
    while server.is_up and server.restarted == before:
        await get(await server.up(), how, timeout=0.2)
    return await server.up()
