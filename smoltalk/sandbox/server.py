"""The process that runs programs: starts once, forks a confined child for each. Runs as `python -c BOOT`, see `pool`.

It imports the standard library only, holds no secret, and serves one program at a time.
"""

import gc
import os
import shutil
import socket
import sys
from typing import Any, NoReturn

from smoltalk.sandbox import confine, harness, kernel, landlock, sealing, supervise, syscalls, wire
from smoltalk.sandbox.confine import Means
from smoltalk.sandbox.pristine import Kept

WARM = (
    "abc array base64 bisect calendar cmath collections contextlib copy csv dataclasses datetime decimal enum "
    "fractions functools hashlib heapq html inspect io itertools json logging math numbers operator pathlib pprint "
    "random re secrets statistics string textwrap time timeit traceback types typing unicodedata unittest.mock uuid"
)
"""Modules that answers import often: loaded once here, there already in every child."""


def main(fd: int, folder: str, without: str = "") -> NoReturn:
    """Serve programs from the socket `fd` until nobody is there any more; children write into `folder` only.

    `without` names protections to leave out, as on a machine that lacks them.
    """
    control = socket.socket(fileno=fd)
    linux = sys.platform.startswith("linux")
    alone = linux and "namespaces" not in without and kernel.leave_everyone()
    if alone and (inner := os.fork()):
        control.close()
        os.waitpid(inner, 0)
        kernel.unmount(folder)
        _leave(folder)
    if linux:
        kernel.die_with_parent() if alone else kernel.adopt_orphans()
        kernel.hide()
        kernel.one_heap()
    for name in WARM.split():
        __import__(name)
    means = _probe(folder, alone, without)
    private = alone and _fresh(folder)
    if means.nobody:
        os.chown(folder, confine.NOBODY, confine.NOBODY)
    wire.send(control, {"namespaces": alone, "private": private, "landlock": means.landlock, "seccomp": means.seccomp,
                        "nobody": means.nobody})  # fmt: skip
    os.environ.clear()
    before = sealing.before_programs()
    confine.prepare(means)
    sealing.unlist_ctypes()
    gc.collect()
    gc.freeze()
    try:
        while job := wire.receive(control):
            wire.send(control, _serve(job, control, folder, means, before))
            _clean(folder, private)
    except (OSError, EOFError):
        pass
    supervise.sweep(alone)
    if alone:
        os._exit(0)
    _clean(folder, private)
    _leave(folder)


def _leave(folder: str) -> NoReturn:
    """Take the folder away and end; also when the factory was killed and cannot."""
    try:
        os.rmdir(folder)  # noqa: PTH106
    finally:
        os._exit(0)


def _serve(job: dict[str, Any], control: socket.socket, folder: str, means: Means, before: Kept) -> dict[str, Any]:
    """Run one program in a child of its own, and leave no process of it behind."""
    token = os.urandom(16)
    channel, channel_in = os.pipe()
    printed, printed_in = os.pipe()
    child = os.fork()
    if child == 0:
        _child(job, channel_in, printed_in, folder, means)
        secret = [token]
        del token
        harness.run(job, secret, 3, before)
    os.close(channel_in)
    os.close(printed_in)
    try:
        return supervise.watch(child, token, channel, printed, control.fileno(), job)
    finally:
        supervise.sweep(means.namespaces)
        os.close(channel)
        os.close(printed)


def _child(job: dict[str, Any], channel: int, printed: int, folder: str, means: Means) -> None:
    """Make the forked child ready: own session, no open files but the first three and the channel, 3; confined."""
    try:
        os.setsid()
        if means.namespaces:
            kernel.die_with_parent()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(channel, 100)
        for end, number in ((nothing, 0), (printed, 1), (printed, 2)):
            os.dup2(end, number)
        os.dup2(100, 3)
        os.closerange(4, 4096)
        os.chdir(folder)
        confine.limit(job["seconds"], job["memory_mb"], means)
        if not confine.confine(folder, means):
            os._exit(99)
    except BaseException:
        os._exit(98)


def _probe(folder: str, alone: bool, without: str) -> Means:
    """Which protections work here, each tried in a child that ends at once."""
    if not sys.platform.startswith("linux") or not syscalls.known():
        return Means()
    nobody = os.geteuid() == 0 and not alone and _nobody_can_read()
    version = 0 if "landlock" in without else landlock.version()
    if version and not _works(folder, Means(landlock=version)):
        version = 0
    filtered = "seccomp" not in without and _works(folder, Means(landlock=version, seccomp=True))
    return Means(alone, version, filtered, nobody)


def _works(folder: str, means: Means) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if confine.confine(folder, means) else 1)
        except BaseException:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _nobody_can_read() -> bool:
    """Whether a superuser may become nobody, and nobody may read Python's library."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(confine.NOBODY, confine.NOBODY, confine.NOBODY)
            os.setresuid(confine.NOBODY, confine.NOBODY, confine.NOBODY)
            os.listdir(os.path.dirname(os.__file__))  # noqa: PTH120,PTH208
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _fresh(folder: str) -> bool:
    return kernel.mount_private(folder, confine.DISK_MB)


def _clean(folder: str, private: bool) -> None:
    """An empty folder for the next program, however deep the last one dug."""
    if not os.listdir(folder):  # noqa: PTH208
        return
    if private:
        kernel.unmount(folder)
        _fresh(folder)
        return
    sys.setrecursionlimit(100_000)
    for name in os.listdir(folder):  # noqa: PTH208
        path = os.path.join(folder, name)  # noqa: PTH118
        if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112,PTH114
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)  # noqa: PTH108
