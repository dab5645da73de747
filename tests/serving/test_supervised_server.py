"""A supervised server starts, is watched, comes back, and leaves nobody behind."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import psutil
import pytest

from smoltalk.errors import WorldError
from smoltalk.serving.kept import Kept
from smoltalk.serving.probe import free_port, get
from smoltalk.serving.server import Launch, Server, start_all
from tests.processes import LONGEST, below, gone, until, words_of

PRETEND = str(Path(__file__).parent / "pretend_server.py")
ROOT = Path(__file__).resolve().parents[2]
Started = Callable[[], list[psutil.Process]]


def launch(folder: Path, *words: str, **changes: Any) -> Launch:
    def command(port: int) -> list[str]:
        return [sys.executable, PRETEND, str(port), *words]

    given: dict[str, Any] = {"beat": 0.02, "pulse": 0.05, "grace": 5.0, "start_within": LONGEST, **changes}
    environment = {**os.environ, "SECRET": "s3cret", "CHILD_PID": str(folder / "child.pid")}
    return Launch("pretend", command, environment, folder / "pretend.log", **given)


def start_once(launched: Launch) -> None:
    async def scene() -> None:
        await Server(launched).start()

    asyncio.run(scene())


async def down(server: Server, how: str) -> int:
    """Make the server go down, told as often as it takes to hear it; the port it comes back on."""
    before = server.restarted
    while server.is_up and server.restarted == before:
        await get(await server.up(), how, timeout=0.2)
    return await server.up()


@pytest.fixture
def started() -> Iterator[Started]:
    """The processes that the test started, and they in turn, which are still at work; none is there at its end."""
    before = below()
    yield lambda: below(besides=before)
    assert until(lambda: not below(besides=before)), "no process is left behind"


def test_it_is_ready_when_started_and_gone_when_stopped(tmp_path: Path) -> None:
    async def scene() -> tuple[int, tuple[int, str] | None]:
        server = Server(launch(tmp_path))
        await server.stop()
        await server.start()
        port = await server.up()
        said = await get(port, "/key", LONGEST)
        await server.stop()
        await server.stop()
        return port, said

    port, said = asyncio.run(scene())
    assert said == (200, "s3cret")
    assert asyncio.run(get(port, "/health", 1)) is None
    assert "hello" in (tmp_path / "pretend.log").read_text()


def test_secrets_are_on_no_command_line(tmp_path: Path, started: Started) -> None:
    async def scene() -> list[str]:
        server = Server(launch(tmp_path))
        await server.start()
        lines = [" ".join(words_of(process)) for process in started()]
        await server.stop()
        return lines

    lines = asyncio.run(scene())
    assert sum(PRETEND in line for line in lines) == 2, "the keeper and the server"
    assert not any("s3cret" in line for line in lines)


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(WorldError) as caught:
        start_once(launch(tmp_path, "oom"))
    assert "exit code 1" in str(caught.value)
    assert "| torch.OutOfMemoryError: CUDA out of memory." in str(caught.value)
    assert "`max_model_len`" in str(caught.value)


def test_its_last_lines_are_shown_without_secrets(tmp_path: Path) -> None:
    secrets = ("our-own-very-secret-key", "hf_abcdefghijklmnopqrst", "password=hunter2hunter2")
    told = launch(tmp_path, "oom", *secrets)
    told = replace(told, environment={**told.environment, "VLLM_API_KEY": secrets[0]})
    with pytest.raises(WorldError) as caught:
        start_once(told)
    assert "hello oom (redacted) (redacted) password=(redacted)" in caught.value.sentence
    assert "CUDA out of memory" in caught.value.sentence


def test_only_the_lines_of_this_start_are_shown(tmp_path: Path) -> None:
    (tmp_path / "pretend.log").write_text("an older line\n")
    with pytest.raises(WorldError) as caught:
        start_once(launch(tmp_path, "oom"))
    assert "an older line" not in str(caught.value)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    missing = replace(launch(tmp_path), command=lambda port: ["no-such-program"])
    with pytest.raises(WorldError, match="no-such-program: No such file"):
        start_once(missing)


@pytest.mark.usefixtures("started")
def test_a_server_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    slow = launch(tmp_path, start_within=0.3)
    deaf = Launch("pretend", lambda port: ["sleep", "600"], slow.environment, slow.log, start_within=0.3, beat=0.02)
    with pytest.raises(WorldError, match=r"not ready within 0\.3 s"):
        start_once(deaf)


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


def test_its_load_is_read_while_it_runs(tmp_path: Path) -> None:
    async def scene() -> tuple[int, float | None]:
        server = Server(launch(tmp_path, hang_after=30))
        await server.start()
        while not server.load.tokens:
            await asyncio.sleep(0.02)
        await server.stop()
        return server.load.running, server.load.hit_rate

    assert asyncio.run(scene()) == (1, 0.25)


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


@pytest.mark.skipif(sys.platform != "linux", reason="needs a signal at the parent's death")
def test_a_server_ends_even_when_keeper_and_parent_are_killed_at_once(tmp_path: Path) -> None:
    program = PARENT.format(root=str(ROOT), tests=str(Path(__file__).parent), then="await asyncio.sleep(600)")
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


PARENT = """
import asyncio, sys
sys.path[:0] = [{root!r}, {tests!r}]
from test_supervised_server import launch
from pathlib import Path
from smoltalk.serving.server import Server

async def main():
    server = Server(launch(Path(sys.argv[1]), "child", sys.argv[1]))
    await server.start()
    print("ready", flush=True)
    {then}

asyncio.run(main())
"""


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
    program = PARENT.format(root=str(ROOT), tests=str(Path(__file__).parent), then=then)
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


def test_a_port_that_another_server_took_is_not_mistaken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> tuple[int, int]:
        stranger = Server(launch(tmp_path / "stranger", "idle"))
        ours = Server(launch(tmp_path / "ours", "idle"))
        await stranger.start()
        taken = await stranger.up()
        ports = chain([taken], iter(free_port, None))
        monkeypatch.setattr("smoltalk.serving.server.free_port", lambda: next(ports))
        try:
            await ours.start()
            return taken, await ours.up()
        finally:
            await ours.stop()
            await stranger.stop()

    taken, port = asyncio.run(scene())
    assert port != taken
    assert "Address already in use" in (tmp_path / "ours" / "pretend.log").read_text()
