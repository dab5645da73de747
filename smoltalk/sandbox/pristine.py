"""What tests rest on (modules, classes, functions of the standard library): kept, and put back before the tests run."""

import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

Kept = tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]
"""Namespaces, each with its items; classes with theirs; functions with their defaults; cells with their contents."""

_HEAP, _IMMUTABLE = 1 << 9, 1 << 8
_LIVE = frozenset({"threading", "sys.modules"})
"""Modules, and attributes of them, whose containers change of themselves."""


def kept(names: Iterable[str]) -> Kept:
    """What these loaded modules hold, and their classes and functions, as it is now. Unchangeable."""
    spaces: dict[int, Any] = {}
    classes: dict[int, Any] = {}
    functions: dict[int, Any] = {}
    for name in names:
        module = getattr(sys.modules[name], "__dict__", None)
        if type(module) is not dict:  # `typing.io` is a class
            continue
        spaces[id(module)] = module
        for key, value in tuple(module.items()):
            if isinstance(value, type):
                classes[id(value)] = value
            elif type(value) in (dict, list) and name not in _LIVE and f"{name}.{key}" not in _LIVE:
                spaces[id(value)] = value
            elif isinstance(value, types.FunctionType):
                functions[id(value)] = value
            elif name.startswith("unittest") and type(inner := getattr(value, "__dict__", None)) is dict:
                spaces |= {id(inner): inner} if type(value).__module__.startswith("unittest") else {}
    own = [one for one in classes.values() if one.__flags__ & _HEAP and not one.__flags__ & _IMMUTABLE]
    for one in own:
        for value in vars(one).values():
            inner = getattr(value, "__func__", value)
            if isinstance(inner, types.FunctionType):
                functions[id(inner)] = inner
    cells = [cell for one in functions.values() for cell in one.__closure__ or () if _filled(cell)]
    spaces |= {id(one.__kwdefaults__): one.__kwdefaults__ for one in functions.values() if one.__kwdefaults__}
    return (
        tuple((space, tuple(space.items()) if type(space) is not list else tuple(space)) for space in spaces.values()),
        tuple((one, one.__bases__, tuple(vars(one).items())) for one in own),
        tuple((one, one.__defaults__) for one in functions.values()),
        tuple((cell, cell.cell_contents) for cell in cells),
    )


def put_back(*before: Kept) -> Callable[[Any], None]:
    """A function that makes all of it hold again what it held, and forgets the modules that `absent` names.

    It asks by identity alone: what a program put there is not asked anything, and nothing of it ends meanwhile.
    """
    spaces, classes, functions, cells = (tuple(one for part in before for one in part[at]) for at in range(4))
    copy, clear, update, items, members = dict.copy, dict.clear, dict.update, dict.items, vars
    put, drop, kind, text, module, rows = type.__setattr__, type.__delattr__, type, str, types.ModuleType, list
    entire, pairs, size, replace = slice(None), zip, len, rows.__setitem__
    plain = frozenset({"__annotations__", "__annotations_cache__"})
    alive: list[Any] = []

    def same(now: Any, held: Any) -> bool:
        if size(now) != size(held):
            return False
        for (key, value), (name, old) in pairs(now, held):  # noqa: SIM110  (`all` could be changed)
            if key is not name or value is not old:
                return False
        return True

    def again(absent: Iterable[str]) -> None:
        for space, held in spaces:
            if kind(space) is rows:
                alive.append(rows(space))
                replace(space, entire, held)
            elif not same(items(space), held):
                alive.append(before := copy(space))  # nothing may end, and run code, between clearing and filling
                clear(space)
                update(space, held)
                for key, value in items(before):  # a part of a package that the program imported
                    if kind(key) is text and kind(value) is module and key not in space:
                        space[key] = value
        for one, bases, held in classes:
            if one.__bases__ is not bases and rows(one.__bases__) != rows(bases):
                put(one, "__bases__", bases)
            now = rows(items(copy(members(one) | {})))
            if not same(now, held):
                alive.append(now)
                names = dict(held)
                for name, _ in now:
                    if name not in names and name not in plain:
                        drop(one, name)
                for name, value in held:
                    if members(one).get(name, alive) is not value:
                        put(one, name, value)
        for one, defaults in functions:
            if one.__defaults__ is not defaults:
                one.__defaults__ = defaults
        for cell, contents in cells:
            cell.cell_contents = contents
        loaded = sys.modules
        for name in absent:
            alive.append(loaded.pop(name, None))

    return again


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
