"""The filter of system calls: a list of what is allowed, some with conditions; everything else is `EPERM`.

Classic BPF over `struct seccomp_data`, as Documentation/userspace-api/seccomp_filter.rst of Linux describes it.
"""

import errno
import struct
from dataclasses import dataclass
from functools import cache

from smoltalk.sandbox import syscalls

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_ERRNO = 0x00050000
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16

_CLONE_THREAD = 0x00010000
_WRITES = 0o1 | 0o2 | 0o100 | 0o1000 | 0o20000000  # O_WRONLY O_RDWR O_CREAT O_TRUNC, and the bit of O_TMPFILE
_TERMINAL_AND_FLAGS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""ioctl: TCGETS TIOCGWINSZ FIONREAD FIONBIO FIONCLEX FIOCLEX, what Python asks of its own files."""
_OF_FILES = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1031, 1032)
"""fcntl: copies, flags, locks, sizes of pipes. Not F_SETOWN, F_SETSIG and their like: they send signals to others."""
_NAMES_OF_THREADS = (15, 16, 0x53564D41)
"""prctl: PR_SET_NAME PR_GET_NAME PR_SET_VMA."""

_OWN_PID = 0x5EA1ED00
"""Stands for a process's own number, which no process has: pids end at 2**22."""
_CHANGES_FILES = (
    "creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat truncate"
)


@dataclass(frozen=True, slots=True)
class When:
    """A condition on one argument (its low 32 bits)."""

    argument: int
    one_of: tuple[int, ...] = ()
    has: int = 0
    """A bit that must be set."""
    lacks: int = 0
    """Bits of which none may be set."""


def conditions(own_pid: int, may_write: bool, may_truncate: bool) -> tuple[dict[str, When], frozenset[str]]:
    """Calls with a condition, and calls that are refused after all.

    Threads but no processes; signals to itself only; a socket pair but no socket. Without Landlock (`may_write` is
    False) no file is opened for writing anywhere.
    """
    itself = When(0, one_of=(own_pid,))
    rules = {
        "clone": When(0, has=_CLONE_THREAD),
        "kill": itself,
        "tgkill": itself,
        "tkill": itself,
        "prlimit64": When(0, one_of=(0, own_pid)),
        "socketpair": When(0, one_of=(1,)),
        "ioctl": When(1, one_of=_TERMINAL_AND_FLAGS),
        "fcntl": When(1, one_of=_OF_FILES),
        "prctl": When(0, one_of=_NAMES_OF_THREADS),
    }
    if may_write:
        return rules, frozenset() if may_truncate else frozenset({"truncate"})
    rules |= {"open": When(1, lacks=_WRITES), "openat": When(2, lacks=_WRITES)}
    return rules, frozenset(_CHANGES_FILES.split())


def program(own_pid: int, may_write: bool, may_truncate: bool) -> bytes:
    """The filter as an array of `struct sock_filter`, for this machine's architecture."""
    own = struct.pack("<I", own_pid)
    return _program(may_write, may_truncate).replace(struct.pack("<I", _OWN_PID), own)


@cache
def _program(may_write: bool, may_truncate: bool) -> bytes:
    """The filter with a stand-in for the process's own number."""
    rules, refused = conditions(_OWN_PID, may_write, may_truncate)
    code = [
        _instruction(_LOAD, _ARCH_AT),
        _instruction(_EQUAL, syscalls.audit_arch(), 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER_AT),
        _instruction(_EQUAL, syscalls.CLONE3, 0, 1),
        _instruction(_RETURN, _ERRNO | errno.ENOSYS),  # its flags lie in memory, out of sight: make libc use `clone`
    ]
    for name, number in syscalls.allowed().items():
        if name in refused:
            continue
        body = _body(rules.get(name))
        code += [_instruction(_EQUAL, number, 0, len(body)), *body]
    return b"".join([*code, _instruction(_RETURN, _ERRNO | errno.EPERM)])


def _body(rule: When | None) -> list[bytes]:
    allow, refuse = _instruction(_RETURN, _ALLOW), _instruction(_RETURN, _ERRNO | errno.EPERM)
    if rule is None:
        return [allow]
    load = _instruction(_LOAD, _ARGUMENTS_AT + 8 * rule.argument)
    if rule.has:
        return [load, _instruction(_ANY_BIT, rule.has, 1, 0), refuse, allow]
    if rule.lacks:
        return [load, _instruction(_ANY_BIT, rule.lacks, 0, 1), refuse, allow]
    left = len(rule.one_of)
    tests = [_instruction(_EQUAL, value & 0xFFFFFFFF, left - at, 0) for at, value in enumerate(rule.one_of)]
    return [load, *tests, refuse, allow]


def _instruction(code: int, k: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, k)
