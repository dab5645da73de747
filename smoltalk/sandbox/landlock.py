"""What a program sees of the file system: Python's own files to read, its own folder to write, nothing else.

Linux's Landlock (Documentation/userspace-api/landlock.rst), since 5.13; what a later version adds is used where it is.
It covers reading, writing, listing and TCP; not `stat`, so names and sizes of files stay visible.
"""

import ctypes
import os
import struct
from collections.abc import Iterable

from smoltalk.sandbox import kernel, syscalls

_VERSION = 1
_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_ALL_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL_DEVICE
_HANDLED = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Rights on files that each version knows; from 5 on all of them."""
_TCP, _SCOPES = 0b11, 0b11
"""Binding and connecting; abstract sockets and signals to processes outside."""


def version() -> int:
    """The kernel's version of Landlock; 0 where there is none."""
    try:
        return kernel.call(syscalls.LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    except OSError:
        return 0


def can_truncate(abi: int) -> bool:
    """Whether it watches over shortening a file by its name."""
    return abi >= 3


def restrict(abi: int, readable: Iterable[str], writable: Iterable[str], devices: Iterable[str]) -> bool:
    """See only these folders and files from here on, for good; needs `no_new_privileges`. Those missing are skipped."""
    handled = _HANDLED[min(abi, 5)]
    attributes = struct.pack("=QQQ", handled, _TCP, _SCOPES)[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    try:
        rules = kernel.call(syscalls.LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
        for path in readable:
            _allow(rules, path, _READ | _LIST)
        for path in devices:
            _allow(rules, path, (_READ | _WRITE) & handled)
        for path in writable:
            _allow(rules, path, handled & ~(_EXECUTE | _IOCTL_DEVICE))
        kernel.call(syscalls.LANDLOCK_RESTRICT_SELF, rules, 0)
    except OSError:
        return False
    os.close(rules)
    return True


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):  # noqa: PTH112  (no pathlib in the server)
        rights &= _ALL_OF_FILES & ~_LIST
    try:
        kernel.call(syscalls.LANDLOCK_ADD_RULE, rules, 1, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)
