"""What a program must not reach, because it would lead to the verdict."""

import _ctypes
import gc
import sys
import weakref
from typing import Any

from smoltalk.sandbox.pristine import Kept, kept

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


def before_programs() -> Kept:
    """Everything that is loaded, as it is before any program runs."""
    return kept(name for name in sys.modules if name.partition(".")[0] not in _FORGOTTEN)


def unlist_ctypes() -> None:
    """Take the types of ctypes from where a program finds types nobody names: the subclasses of `object` and others.

    With one of them it could read memory. Of the C module, also the copy from which it would be loaded again.
    """
    owned = [cls for cls in _below(object, set()) if cls.__module__.partition(".")[0] in ("ctypes", "_ctypes")]
    for cls in owned:
        for reference in weakref.getweakrefs(cls):
            for listing in gc.get_referrers(reference):
                if type(listing) is dict and listing.get(id(cls)) is reference:
                    del listing[id(cls)]
    living = [vars(module) for module in sys.modules.values()]
    for space in gc.get_referrers(_ctypes._SimpleCData):
        if type(space) is dict and "_SimpleCData" in space and not any(space is one for one in living):
            space.clear()


def _below(cls: type, seen: set[type]) -> set[type]:
    below: list[type] = type.__subclasses__(cls)
    for one in below:
        if one not in seen:
            seen.add(one)
            _below(one, seen)
    return seen


def seal() -> None:
    """Forget the way to raw memory, and refuse from here on (PEP 578) what leads to objects other than by names."""
    for name in [name for name in sys.modules if name.partition(".")[0] in _FORGOTTEN]:
        module = sys.modules.pop(name)
        if name.partition(".")[0] in ("ctypes", "_ctypes") or name == "smoltalk.sandbox.kernel":
            vars(module).clear()
    events, modules = _REFUSED_EVENTS, _REFUSED_MODULES
    plain, last, starts, refusal, kinds = str, str.rpartition, str.startswith, RuntimeError, type

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "object.__setattr__" and arguments[1] == "__code__":
            raise refusal("to replace the code of a function is refused in the sandbox")
        if event in events or starts(event, "ctypes."):
            raise refusal(f"{event} is refused in the sandbox")
        if event == "import" and (kinds(arguments[0]) is not plain or last(arguments[0], ".")[2] in modules):
            raise refusal("this import is refused in the sandbox")

    sys.addaudithook(guard)
