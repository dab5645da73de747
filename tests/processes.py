"""What tests ask of processes, which may leave while they are asked: every question has an answer, and waits for it."""

import time
from collections.abc import Callable, Iterable

import psutil

LONGEST = 120.0
"""Seconds that a test waits for what must come, on a machine that is busy with much else."""


def until(true: Callable[[], object], seconds: float = LONGEST) -> bool:
    """Whether it came true in that time; returns as soon as it does."""
    end = time.monotonic() + seconds
    while not (came := bool(true())) and time.monotonic() < end:
        time.sleep(0.02)
    return came


def gone(pid: int) -> bool:
    """Whether a process is no more, or waits for nothing but to be buried."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def words_of(process: psutil.Process) -> list[str]:
    """Its command line; no words of one that has left."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def below(process: psutil.Process | None = None, *, besides: Iterable[psutil.Process] = ()) -> list[psutil.Process]:
    """Those at work that it started, and that those started (of this process: by default); `besides` are left out."""
    known = set(besides)
    try:
        found = (process or psutil.Process()).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [one for one in found if one not in known and not gone(one.pid)]
