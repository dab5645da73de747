"""What a program must not reach, because it would lead to the verdict; and what is put back before its tests."""

import builtins
import os
import sys
import unittest
from typing import Any

Items = tuple[tuple[str, Any], ...]
Pristine = tuple[tuple[tuple[dict[str, Any], Items], ...], tuple[tuple[type, str, Any], ...]]
"""Namespaces, each with what it held; and classes, each with an attribute and what that was. Unchangeable."""

_REFUSED_EVENTS = frozenset(
    # what finds objects that nobody refers to by name
    {"gc.get_objects", "gc.get_referrers", "gc.get_referents", "sys._current_frames", "sys._current_exceptions"}
    # what can leave out lines of the tests, or see calls from C to C
    | {"sys.settrace", "sys.setprofile", "sys.addaudithook", "sys.monitoring.register_callback"}
)
_REFUSED_MODULES = frozenset(
    {"ctypes", "_ctypes", "_ctypes_test", "_testcapi", "_testinternalcapi", "_testlimitedcapi", "_remote_debugging"}
    | {"_xxsubinterpreters", "_xxinterpchannels", "_interpreters", "_interpchannels", "_interpqueues"}
)
_FORGOTTEN = frozenset({"ctypes", "_ctypes", "smoltalk", "__main__"})
"""Modules of the server that a program does not find loaded."""


def pristine() -> Pristine:
    """What tests rest on (builtins, unittest, the loaded modules), as it is before any program runs."""
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] not in _FORGOTTEN}
    spaces = [vars(builtins), *(vars(module) for name, module in kept.items() if name.partition(".")[0] == "unittest")]
    held = [(sys.modules, tuple(kept.items())), *((space, tuple(space.items())) for space in spaces)]
    of_tests = (unittest.TestCase, unittest.TestSuite, unittest.TestLoader, unittest.TestResult)
    classes = [(cls, key, value) for cls in of_tests for key, value in vars(cls).items() if callable(value)]
    return tuple(held), tuple(classes)


def seal() -> None:
    """Forget the way to raw memory, and refuse from here on (PEP 578) what leads to objects other than by names."""
    for name in [name for name in sys.modules if name.partition(".")[0] in _FORGOTTEN]:
        module = sys.modules.pop(name)
        if name.endswith("ctypes") or name == "smoltalk.sandbox.kernel":
            vars(module).clear()
    os.environ.clear()
    events, modules = _REFUSED_EVENTS, _REFUSED_MODULES
    plain, last, starts, refusal, kinds = str, str.rpartition, str.startswith, RuntimeError, type

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in events or starts(event, "ctypes."):
            raise refusal(f"{event} is refused in the sandbox")
        if event == "import" and (kinds(arguments[0]) is not plain or last(arguments[0], ".")[2] in modules):
            raise refusal("this import is refused in the sandbox")

    sys.addaudithook(guard)
