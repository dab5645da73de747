"""The vllm engine with servers that are none: started, asked, stopped, and what its servers noted."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from smoltalk.engines.vllm import Vllm
from smoltalk.requests import Reply, Request, Sampling
from smoltalk.rows import message
from tests.processes import below, until, words_of

KEEPER = "keeper.py"
PRETEND = Path(__file__).parent / "pretend_vllm.py"
NANO = Path(__file__).resolve().parents[2] / "smoltalk" / "nano" / "model"


def standing_in(pretend: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A program that does what a file of Python does, and notes it in the folder."""
    monkeypatch.setenv("NOTES", str(folder / "notes.jsonl"))
    script = folder / "vllm"
    script.write_text(f"#!{sys.executable}\n{pretend.read_text()}")
    script.chmod(0o755)
    return str(script)


def engine(program: str, **fields: Any) -> Vllm:
    """The engine with servers of that program."""
    return Vllm(model=str(NANO), command=program, **fields)


def asking(text: str, seed: int = 1, **fields: Any) -> Request:
    """A request of one turn, or of none."""
    sampling = {name: fields.pop(name) for name in ("forbid_first", "stop", "max_tokens") if name in fields}
    turns = [message("user", text)] if text else []
    return Request(turns, Sampling(**sampling), seed=seed, **fields)


def at_work(model: Vllm, folder: Path, scene: Callable[[Vllm], Awaitable[Any]]) -> Any:
    """What the scene gives between start and stop; the engine leaves no process behind."""

    async def whole() -> Any:
        await model.start(folder)
        try:
            return await scene(model)
        finally:
            await model.stop()

    before = below()
    found = asyncio.run(whole())
    assert until(lambda: not below(besides=before)), "no process is left behind"
    return found


def the_server() -> psutil.Process:
    """The pretended server's process."""
    [process] = [one for one in below() if "serve" in words_of(one) and KEEPER not in " ".join(words_of(one))]
    return process


def replies(model: Vllm, folder: Path, requests: Sequence[Request]) -> list[Reply]:
    """What is replied to requests made at once."""

    async def scene(model: Vllm) -> list[Reply]:
        return list(await asyncio.gather(*map(model.complete, requests)))

    found: list[Reply] = at_work(model, folder, scene)
    return found


def notes(folder: Path) -> list[dict[str, Any]]:
    """What the servers noted, in order."""
    return [json.loads(line) for line in (folder / "notes.jsonl").read_text().splitlines()]


def bodies(folder: Path) -> list[dict[str, Any]]:
    """The requests they were sent, in order."""
    return [n["body"] for n in notes(folder) if "body" in n]
