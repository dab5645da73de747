"""What keeps a program from the frames of its harness, and what is put back before its tests: see `harness`."""

import builtins
import os
import sys
import unittest
from _thread import get_ident
from typing import Any

Pristine = tuple[tuple[Any, tuple[tuple[str, Any], ...]], ...]
"""Namespaces and classes, each with what it held."""

_REFUSED_EVENTS = frozenset(
    {"gc.get_objects", "gc.get_referrers", "gc.get_referents", "sys._current_frames", "sys._current_exceptions"}
    | {"sys.settrace", "sys.setprofile", "sys.addaudithook", "sys.monitoring.register_callback"}
)
_REFUSED_MODULES = frozenset(
    {"ctypes", "_ctypes", "_ctypes_test", "_testcapi", "_testinternalcapi", "_testlimitedcapi", "_remote_debugging"}
    | {"_xxsubinterpreters", "_xxinterpchannels", "_interpreters", "_interpchannels", "_interpqueues"}
)
_FORGOTTEN = frozenset({"ctypes", "_ctypes", "smoltalk", "__main__"})
"""Modules of the server that a program does not find loaded."""
_FRAME_EVENTS = frozenset({"sys._getframe", "sys._getframemodulename", "object.__getattr__"})


def pristine() -> Pristine:
    """What tests rest on (builtins, unittest, the loaded modules), as it is before any program runs; unchangeable."""
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] not in _FORGOTTEN}
    spaces = [vars(builtins), *(vars(module) for name, module in kept.items() if name.partition(".")[0] == "unittest")]
    found: list[tuple[Any, tuple[tuple[str, Any], ...]]] = [(sys.modules, tuple(kept.items()))]
    found += [(space, tuple(space.items())) for space in spaces]
    for cls in (unittest.TestCase, unittest.TestResult, unittest.TestSuite, unittest.TestLoader):
        found.append((cls, tuple((key, value) for key, value in vars(cls).items() if callable(value))))
    return tuple(found)


def seal() -> None:
    """Forget the way to raw memory, and refuse from here on what leads to another thread's frames."""
    for name in [name for name in sys.modules if name.partition(".")[0] in _FORGOTTEN]:
        module = sys.modules.pop(name)
        if name.endswith("ctypes") or name == "smoltalk.sandbox.kernel":
            vars(module).clear()
    os.environ.clear()
    main, here = get_ident(), get_ident
    events, modules, frames = _REFUSED_EVENTS, _REFUSED_MODULES, _FRAME_EVENTS
    plain, last, starts, refusal, kinds = str, str.rpartition, str.startswith, RuntimeError, type

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in events or starts(event, "ctypes."):
            raise refusal(f"{event} is refused in the sandbox")
        if event == "import" and (kinds(arguments[0]) is not plain or last(arguments[0], ".")[2] in modules):
            raise refusal("this import is refused in the sandbox")
        if event in frames and here() == main:
            raise refusal(f"{event} is refused in the sandbox")

    sys.addaudithook(guard)
