"""What a child of the server does to itself before it runs a program: limits, rights, view, system calls."""

import os
import resource
import sys
from dataclasses import dataclass
from functools import cache

from smoltalk.sandbox import kernel, landlock, seccomp

NOBODY = 65534
DISK_MB = 16
"""All that a program writes into its own folder, which is emptied afterwards."""
_FILES = 64
_PROCESSES = 64
_SPARE = 48 << 20
"""Bytes of address space left for the child to say how the program ended."""


@dataclass(frozen=True, slots=True)
class Means:
    """Which protections this machine has; found by trying each in a child (`server`)."""

    namespaces: bool = False
    """Own user, network, process and mount namespace."""
    landlock: int = 0
    """Version of Landlock, 0 for none."""
    seccomp: bool = False
    nobody: bool = False
    """Whether a superuser's child can become nobody and still read Python's files."""


def limit(seconds: float, memory_mb: int, means: Means) -> None:
    """Set the limits of this process for good. `memory_mb` counts from what the interpreter holds now."""
    held = _address_space()
    most = held + (memory_mb << 20)
    cpu = max(1, int(seconds + 0.999))
    _lower(resource.RLIMIT_CPU, cpu, cpu + 1)
    _lower(resource.RLIMIT_AS, most, most + _SPARE)
    _lower(resource.RLIMIT_FSIZE, DISK_MB << 20)
    _lower(resource.RLIMIT_NOFILE, _FILES)
    _lower(resource.RLIMIT_CORE, 0)
    if means.namespaces:  # counted for this user in this namespace alone
        _lower(resource.RLIMIT_NPROC, _PROCESSES)
    elif not sys.platform.startswith("linux"):  # there it counts processes and not threads: no child at all
        _lower(resource.RLIMIT_NPROC, 1)


def confine(folder: str, means: Means) -> bool:
    """Keep to `folder`, give up every right, and call nothing that is not on the list; False when a means fails."""
    if not sys.platform.startswith("linux"):
        return True
    if means.nobody:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    done = kernel.no_new_privileges() and kernel.drop_capabilities()
    if means.landlock:
        devices = ["/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"]
        done = done and landlock.restrict(means.landlock, readable(), [folder], devices)
    if means.seccomp:
        truncate = landlock.can_truncate(means.landlock)
        done = done and kernel.filter_calls(seccomp.program(os.getpid(), bool(means.landlock), truncate))
    return done


def prepare(means: Means) -> None:
    """Work out once what every child needs, before there is one."""
    readable()
    if means.seccomp:
        seccomp.program(1, bool(means.landlock), landlock.can_truncate(means.landlock))


@cache
def readable() -> list[str]:
    """Python's own files (what `-S` leaves on the path), the shared libraries, the clock's zones."""
    libraries = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/etc/ld.so.cache"]
    shared = os.path.join(sys.base_prefix, "lib")  # noqa: PTH118  (no pathlib in the server)
    python = [os.path.join(shared, name) for name in os.listdir(shared) if name.startswith("libpython")]  # noqa: PTH118,PTH208
    return [*sys.path, *python, *libraries]


def _lower(which: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, or as much of it as the present one allows."""
    ceiling = resource.getrlimit(which)[1]
    hard = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    try:
        resource.setrlimit(which, (soft, hard))
    except (OSError, ValueError):  # macOS does not limit address space
        return


def _address_space() -> int:
    """Bytes this process has reserved."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 512 << 20
