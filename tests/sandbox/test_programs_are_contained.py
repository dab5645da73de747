"""Whatever a program does, it ends in time, harms nothing, does not pass, and leaves no process and no file."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from smoltalk.sandbox import pool
from smoltalk.sandbox.limits import Limits
from smoltalk.sandbox.pool import Server, protections, run_python
from tests.processes import below, gone, until, words_of
from tests.sandbox.hostile import (
    FILES,
    FORGERIES,
    NETWORK,
    OUTWITS,
    PROCESSES,
    RESOURCES,
    RIGHT,
    TESTS,
    WRITERS,
    Hostile,
)

LITTLE = Limits(seconds=0.5, memory_mb=128)
"""For programs that never end."""
AMPLE = Limits(seconds=15, memory_mb=128)
"""For programs that end by themselves, on a machine that is busy with others as well."""
LINUX = sys.platform.startswith("linux")


def need(**wanted: object) -> None:
    """Skip where this machine lacks a protection; the other tests hold without it."""
    found = protections()
    if missing := [name for name in wanted if not found[name]]:
        pytest.skip(f"this machine has no {missing[0]}")


def held(program: Hostile, tests: str = TESTS) -> None:
    ran = run_python(program.code, tests=tests, limits=LITTLE if program.ended == "timeout" else AMPLE)
    # A full memory may be noticed by whoever asks next: the program, its tests, or the clock.
    assert ran.ended in program.ended.split() or (
        "MemoryError" in program.code + program.said and ran.ended in ("memory", "timeout")
    ), ran
    assert program.said in ran.reason or ran.ended not in program.ended
    assert len(ran.output.encode()) <= LITTLE.output_bytes


@pytest.mark.parametrize("name", RESOURCES)
def test_a_program_uses_no_more_than_it_may(name: str) -> None:
    if name in WRITERS:
        need(landlock=True)
    held(RESOURCES[name])


@pytest.mark.parametrize("name", FORGERIES)
def test_a_program_does_not_pass_its_tests_by_a_trick(name: str) -> None:
    held(FORGERIES[name])


@pytest.mark.parametrize("name", OUTWITS)
def test_a_wrong_program_does_not_change_what_its_tests_rest_on(name: str) -> None:
    held(OUTWITS[name], OUTWITS[name].tests)


@pytest.mark.parametrize("tests", sorted({one.tests for one in OUTWITS.values() if "pytest" not in one.tests}))
def test_a_right_program_passes_the_same_tests(tests: str) -> None:
    assert run_python(RIGHT, tests=tests, limits=AMPLE).ended == "done"


def test_a_machine_without_protection_runs_nothing_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pool.close()
    monkeypatch.setattr(pool, "Server", lambda: Server("namespaces landlock seccomp"))
    ran = run_python("x = 1", value="x", limits=AMPLE)
    assert (ran.ended, ran.value, ran.reason) == ("not_run", None, pool.UNCONFINED)
    monkeypatch.setenv(pool.OPT_IN, "1")
    assert run_python("x = 1", value="x", limits=AMPLE).value == 1
    pool.close()


@pytest.mark.parametrize("name", PROCESSES)
def test_a_program_starts_and_ends_no_process(name: str) -> None:
    need(seccomp=True)
    held(PROCESSES[name])


@pytest.mark.parametrize("name", FILES)
def test_a_program_sees_its_own_folder_only(name: str) -> None:
    need(landlock=True, seccomp=True)
    held(FILES[name])
    assert not Path("/tmp/smoltalk-was-here").exists()


@pytest.mark.parametrize("name", NETWORK)
def test_a_program_reaches_no_network(name: str) -> None:
    need(seccomp=True)
    held(NETWORK[name])


def test_nothing_of_ours_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    pool.close()
    code = "import os, sys\nloaded = sorted(n for n in sys.modules if 'smoltalk' in n or 'ctypes' in n)"
    ran = run_python(code, value="[dict(os.environ), loaded, os.listdir(), sys.stdin.read()]", limits=AMPLE)
    assert ran.value == [{}, [], [], ""], ran


def test_what_one_program_leaves_the_next_does_not_find() -> None:
    code = "import os, random, builtins\nseen = [os.listdir(), random.random(), hasattr(builtins, 'left')]\n"
    leave = code + "builtins.left = 1\nos.makedirs('a/b')\nopen('a/b/c', 'w').write('x')"
    runs = [run_python(leave, value="seen", limits=AMPLE).value for _ in range(3)]
    assert runs[0] == runs[1] == runs[2] and runs[0][0] == [] and runs[0][2] is False


def test_no_process_and_no_folder_stays() -> None:
    run_python("import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()", limits=AMPLE)
    servers = [psutil.Process(server.process.pid) for server in pool._IDLE]
    folders = [server.folder for server in pool._IDLE]
    assert folders
    for server in servers:
        assert len(below(server)) <= 1, "the init of its namespace; no child of it"
    pool.close()
    assert until(lambda: not [child for child in below() if "sandbox" in " ".join(words_of(child))])
    assert not [folder for folder in folders if Path(folder).exists()]


@pytest.mark.skipif(not LINUX, reason="/proc")
def test_a_factory_that_is_killed_takes_its_sandbox_along() -> None:
    program = (
        "import os, sys\nfrom smoltalk.sandbox import pool\nfrom smoltalk.sandbox.limits import Limits\n"
        "server = pool._take()\nprint(server.process.pid, server.folder, flush=True)\npool._IDLE.append(server)\n"
        "pool.run_python('import time; time.sleep(1000)', limits=Limits(seconds=500))"
    )
    factory = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert factory.stdout is not None
    pid, folder = factory.stdout.readline().split()
    outer = psutil.Process(int(pid))
    family = [outer, *outer.children(recursive=True)]
    factory.kill()
    factory.wait()
    factory.stdout.close()
    assert until(lambda: all(gone(process.pid) for process in family))
    assert until(lambda: not Path(folder).exists())


def test_a_lost_server_is_replaced() -> None:
    run_python("", limits=AMPLE)
    pid = pool._IDLE[-1].process.pid
    for process in below(psutil.Process(pid)) or [psutil.Process(pid)]:
        os.kill(process.pid, 9)
    ran = run_python("x = 1", value="x", limits=AMPLE)
    assert ran.ended in ("not_run", "done")
    assert run_python("x = 1", value="x", limits=AMPLE).value == 1


def test_what_a_machine_lacks_is_said_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    pool.close()
    pool._warn.cache_clear()
    monkeypatch.setattr(pool, "Server", lambda: Server("landlock"))
    for _ in range(2):
        run_python("", limits=AMPLE)
        pool.close()
    assert [record.message for record in caplog.records if "without Landlock" in record.message] == caplog.messages
    assert len(caplog.messages) == 1
    pool._warn.cache_clear()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_a_forked_factory_has_servers_of_its_own() -> None:
    program = (
        "import asyncio, os\nfrom smoltalk.sandbox.off_loop import off_loop\n"
        "from smoltalk.sandbox.pool import run_python\n"
        "def run(): return asyncio.run(off_loop(lambda: run_python('', value='40 + 2').value))\n"
        "assert run() == 42\nchild = os.fork()\nassert run() == 42\n"
        "if child: assert os.waitpid(child, 0)[1] == 0"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
