"""A supervised server starts, is watched, keeps its secrets, and says why it does not start."""

import asyncio
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from smoltalk.errors import WorldError
from smoltalk.serving.probe import free_port, get
from smoltalk.serving.server import Launch, Server
from tests.processes import LONGEST, words_of
from tests.serving.supervised import PRETEND, Started, launch, start_once


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


def test_its_load_is_read_while_it_runs(tmp_path: Path) -> None:
    async def scene() -> tuple[int, float | None]:
        server = Server(launch(tmp_path, hang_after=30))
        await server.start()
        while not server.load.tokens:
            await asyncio.sleep(0.02)
        await server.stop()
        return server.load.running, server.load.hit_rate

    assert asyncio.run(scene()) == (1, 0.25)


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
