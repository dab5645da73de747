"""Calls to the Linux kernel that Python has no name for: namespaces, mounts, capabilities, filters."""

import ctypes
import os
import signal

from smoltalk.sandbox import syscalls

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
_ALONE = _NEWNS | _NEWUTS | _NEWIPC | _NEWPID | _NEWNET
_SET_DEATH_SIGNAL, _SET_DUMPABLE, _SET_SUBREAPER, _SET_NO_NEW_PRIVILEGES = 1, 4, 36, 38
_MOUNT_PRIVATE, _MOUNT_RECURSIVE = 1 << 18, 1 << 14
_NO_SETUID_DEVICES_PROGRAMS = 2 | 4 | 8
_DETACH = 2
_FILTER_MODE = 1
_ARENA_MAX = -8
_CAPABILITIES_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: object) -> int:
    """A system call by its number. Raises `OSError`."""
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def leave_everyone() -> bool:
    """Own user, network, process, mount and IPC namespaces, for the children forked from here on; False where refused.

    As the same user: files belong to whom they belonged to, and no privilege outside remains.
    """
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(_NEWUSER | _ALONE) != 0:
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123  (no pathlib in the server)
            file.write(text)
    return True


def mount_private(folder: str, megabytes: int) -> bool:
    """An empty file system of that size in memory on `folder`, that only this mount namespace sees."""
    if _libc.mount(None, b"/", None, ctypes.c_ulong(_MOUNT_PRIVATE | _MOUNT_RECURSIVE), None) != 0:
        return False
    options = f"size={megabytes}m,nr_inodes=2048,mode=700".encode()
    where = os.fsencode(folder)
    flags = ctypes.c_ulong(_NO_SETUID_DEVICES_PROGRAMS)
    return bool(_libc.mount(b"scratch", where, b"tmpfs", flags, options) == 0)


def unmount(folder: str) -> None:
    """Take it away with all that lies in it, whoever holds it open."""
    _libc.umount2(os.fsencode(folder), _DETACH)


def die_with_parent() -> None:
    """Be killed when the process (thread) that forked this one ends."""
    _libc.prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends, so that none gets away."""
    _libc.prctl(_SET_SUBREAPER, 1, 0, 0, 0)


def hide() -> None:
    """No other process of this user may look into this one's memory or files."""
    _libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def one_heap() -> None:
    """Let threads share one heap: glibc would reserve 64 MB of address space for each."""
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_ARENA_MAX, 1)


def no_new_privileges() -> bool:
    """From here on no program gives this process rights; needed before a filter."""
    return bool(_libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0)


def drop_capabilities() -> bool:
    """Give up every privilege of a superuser, also that of one in a namespace."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    try:
        call(syscalls.number("capset"), header, nothing)
    except OSError:
        return False
    return True


def filter_calls(program: bytes) -> bool:
    """Put a filter before every system call of this process, for good."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    code = ctypes.create_string_buffer(program, len(program))
    described = Program(len(program) // 8, ctypes.addressof(code))
    try:
        call(syscalls.number("seccomp"), _FILTER_MODE, 0, ctypes.byref(described))
    except OSError:
        return False
    return True
