"""Whose port is it? A program that has just left listens on none; one that must not be looked at is believed."""

import asyncio
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from smoltalk.serving.kept import Kept
from tests.processes import until


@pytest.mark.parametrize(
    ("error", "listens"), [(psutil.NoSuchProcess, False), (psutil.ZombieProcess, False), (psutil.AccessDenied, True)]
)
def test_a_process_that_cannot_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[psutil.Error], listens: bool
) -> None:
    def refused(process: psutil.Process, kind: str) -> list[Any]:
        raise error(process.pid)  # type: ignore[call-arg]

    async def scene() -> bool:
        kept = Kept(["sleep", "600"], dict(os.environ), tmp_path / "server.log", 1)
        keeper = kept._keeper.pid
        try:
            assert until(lambda: bool(psutil.Process(keeper).children()))
            assert not kept.listens(1)
            monkeypatch.setattr(psutil.Process, "net_connections", refused)
            return kept.listens(1)
        finally:
            await kept.stop()

    assert asyncio.run(scene()) is listens
