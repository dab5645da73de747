"""What holds where the kernel has no namespaces, no Landlock or no filter: each left out here as if it were missing."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from smoltalk.sandbox.limits import Limits
from smoltalk.sandbox.pool import Server
from smoltalk.sandbox.protections import described
from tests.sandbox.hostile import FILES, NETWORK, PROCESSES, RESOURCES, TESTS, Hostile

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="protections of Linux")

FILTERED = ("fork", "another program", "killing everybody", "a signal by way of a pipe", "a signal of another number")
"""What the filter alone holds back."""


@pytest.fixture(scope="module", params=["namespaces", "landlock", "namespaces landlock"])
def filtered(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(request.param)
    yield server
    server.stop()


def ended(server: Server, program: Hostile) -> dict[str, Any]:
    # A program that ends by itself gets its time on a machine that is busy with others as well.
    limits = asdict(Limits(seconds=0.5 if program.ended == "timeout" else 15, memory_mb=128))
    return server.ask({"code": program.code, "tests": TESTS, "value": "", "hollow": False, **limits})


@pytest.mark.parametrize("name", FILTERED)
def test_the_filter_alone_holds_processes(filtered: Server, name: str) -> None:
    assert ended(filtered, PROCESSES[name])["reason"].startswith(PROCESSES[name].said)


@pytest.mark.parametrize("name", NETWORK)
def test_the_filter_alone_holds_the_network(filtered: Server, name: str) -> None:
    assert NETWORK[name].said in ended(filtered, NETWORK[name])["reason"]


def test_nothing_is_written_outside_in_any_case(filtered: Server) -> None:
    for name in ("writes elsewhere", "changes rights", "removes elsewhere"):
        assert ended(filtered, FILES[name])["ended"] == "raised"
    assert not Path("/tmp/smoltalk-was-here").exists()


@pytest.mark.parametrize(
    "without", ["seccomp", "namespaces seccomp", "landlock seccomp", "namespaces landlock seccomp"]
)
def test_without_the_filter_clocks_and_memory_hold_and_children_are_swept(without: str) -> None:
    server = Server(without.replace("all", "namespaces landlock"))
    try:
        assert ended(server, RESOURCES["endless sleep"])["ended"] == "timeout"
        assert ended(server, RESOURCES["memory bomb of texts"])["ended"] in ("memory", "timeout")
        orphans = "import os, time\nfor _ in range(5):\n    if os.fork() == 0:\n        time.sleep(1000)"
        assert ended(server, Hostile(orphans, "raised"))["reason"].startswith("AssertionError: the tests ran")
        # The server answers once all that came of a program is gone; it would still be waiting for the sleepers.
        assert ended(server, Hostile("", "raised"))["ended"] == "raised"
    finally:
        server.stop()


def test_what_is_missing_is_said() -> None:
    whole = {"namespaces": True, "private": True, "landlock": 7, "seccomp": True, "nobody": False}
    assert described(whole) == "sandbox: namespaces, Landlock 7, seccomp; all protections are on"
    bare = {"namespaces": False, "private": False, "landlock": 0, "seccomp": False, "nobody": False}
    assert described(bare) == (
        "sandbox: limits of time and memory only; without namespaces, Landlock and seccomp a program can read and "
        "write your files, start processes and use the network: see docs/sandbox.md"
    )
    some = whole | {"landlock": 0}
    assert described(some) == (
        "sandbox: namespaces, seccomp; without Landlock a program can read your files, and write none: "
        "see docs/sandbox.md"
    )
