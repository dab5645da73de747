"""From a name in YAML to the class it means: `ask` is the one step in `smoltalk/steps/ask.py`.

The folder is the list, so adding a part is adding a file, and a pipeline imports only the parts it names.
"""

import importlib
import inspect
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from smoltalk.contracts import Engine, Gate, Part, Step, Verifier
from smoltalk.errors import Problem, UserError, nearest

KINDS: dict[str, type[Part]] = {"engines": Engine, "steps": Step, "gates": Gate, "verifiers": Verifier}

_PACKAGE = Path(__file__).resolve().parent


def user_cache() -> Path:
    """Where what this machine made is kept: `$SMOLTALK_CACHE`, else `smoltalk` in `$XDG_CACHE_HOME` or `~/.cache`."""
    if chosen := os.environ.get("SMOLTALK_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "smoltalk"


def data_folder(name: str) -> Path:
    """Where `pipelines`, `templates`, `recipes`, `decontam` lie: in a wheel in the package, in a checkout beside it."""
    inside = _PACKAGE / "_data" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


@cache
def names(kind: str) -> tuple[str, ...]:
    """Every name of a kind, sorted, from the folder listing; imports nothing."""
    return tuple(sorted(p.stem for p in (_PACKAGE / kind).glob("*.py") if not p.stem.startswith("_")))


def find(kind: str, name: str) -> type[Any]:
    """The class behind `name`: a file name under `smoltalk/<kind>/`, or a dotted import path.

    A dotted step may be a stock distilabel step (`is_stock`); anything else is a subclass of the kind's contract.
    Raises `UserError` whose problem has no path and no line: whoever read the name knows where it stands.
    """
    if "." in name:
        return _by_path(kind, name)
    if name not in names(kind):
        raise _mistake(f"no `{name}` in smoltalk/{kind}/", nearest(name, names(kind)))
    contract = KINDS[kind]
    module = importlib.import_module(f"smoltalk.{kind}.{name}")
    found = [c for _, c in inspect.getmembers(module, inspect.isclass) if _is_own(c, contract, module.__name__)]
    if len(found) != 1:
        raise _mistake(f"smoltalk/{kind}/{name}.py must define one {contract.__name__.lower()}, not {len(found)}")
    return found[0]


def is_stock(cls: type) -> bool:
    """Whether the class is a stock distilabel step; told by name, so distilabel is not imported to ask."""
    return any(c.__name__ == "_Step" and c.__module__.partition(".")[0] == "distilabel" for c in cls.__mro__)


def _is_own(cls: type, contract: type[Part], module: str) -> bool:
    own = cls.__module__ == module and not cls.__name__.startswith("_")
    return own and issubclass(cls, contract) and not inspect.isabstract(cls)


def _by_path(kind: str, path: str) -> type[Any]:
    module_name, _, class_name = path.rpartition(".")
    if not all(part.isidentifier() for part in path.split(".")):
        raise _mistake(f"`{path}` is not an import path", "write it as `package.module.ClassName`")
    try:
        with quietly():
            module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # whatever a stranger's module raises is a mistake in the YAML's name
        reason = str(error).partition("\n")[0]
        raise _mistake(f"cannot import `{module_name}`: {reason}", "is it installed, or on PYTHONPATH?") from error
    contract, cls = KINDS[kind], getattr(module, class_name, None)
    if not inspect.isclass(cls):
        fitting = [n for n, c in inspect.getmembers(module, inspect.isclass) if _fits(c, contract)]
        raise _mistake(f"no class `{class_name}` in `{module_name}`", nearest(class_name, fitting))
    if not _fits(cls, contract):
        a_stock = " nor a distilabel step" if kind == "steps" else ""
        raise _mistake(f"`{path}` is not a smoltalk {contract.__name__.lower()}{a_stock}")
    if missing := getattr(cls, "__abstractmethods__", None):
        raise _mistake(f"`{path}` does not define {', '.join(sorted(missing))}")
    return cls


def _fits(cls: type, contract: type[Part]) -> bool:
    return issubclass(cls, contract) or (contract is Step and is_stock(cls))


@contextmanager
def quietly() -> Iterator[None]:
    """No side effects on the screen: distilabel replaces the traceback hook and warns a lot."""
    hook = sys.excepthook
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.excepthook = hook


def _mistake(sentence: str, hint: str = "") -> UserError:
    return UserError([Problem("", 0, sentence, hint)])
