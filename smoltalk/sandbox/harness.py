"""Runs one program inside a confined child, and says how it ended over a channel that the program cannot use.

The verdict is a record behind a token of 16 random bytes that only the main thread's frames and the server know. The
program runs in a second thread, at whose bottom stands C code, so its frames lead nowhere; an audit hook (PEP 578)
refuses what would reach another thread's frames or raw memory. `os._exit`, a closed channel or a forged record give no
token, and no token is no verdict.
"""

import ast
import builtins
import json
import os
import random
import resource
import struct
import sys
import types
import unittest
from _queue import SimpleQueue
from _thread import get_ident, start_new_thread
from collections import deque
from typing import Any, NoReturn

Pristine = tuple[tuple[Any, tuple[tuple[str, Any], ...]], ...]
"""Namespaces and classes, each with what it held."""
ANSWER, TESTS, VALUE = "<answer>", "<tests>", "<value>"
RECORD = struct.Struct("!I")
"""A length: of a record behind its token, and of each of its five texts."""
READY = b"+"
"""Said once the child is confined: without it, nothing was run."""
CHANNEL_LOST = 77
"""Exit status of a child that cannot say how its program ended, because that closed its files."""
_LONGEST_VALUE = 200_000
"""Characters of a value's JSON."""

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


def run(job: dict[str, Any], token: bytes, channel: int, pristine: Pristine) -> NoReturn:
    """Run `code`, then `tests`, then `value` of the job, write the record into `channel`, and end the process.

    `pristine` is put back before the tests run.
    """
    # Everything below is a local and runs as C code or as a closure made here: what a program changes in modules and
    # builtins does not reach this frame. No Python function of a module is called once the program has started.
    write, end, encode, pack, join = os.write, os._exit, str.encode, RECORD.pack, b"".join
    setrlimit, memory, spare = resource.setrlimit, resource.RLIMIT_AS, resource.getrlimit(resource.RLIMIT_AS)[1]
    no_memory, anything, size, kinds, set_attribute = MemoryError, BaseException, len, type, type.__setattr__

    def packed(*texts: str) -> bytes:
        parts = [encode(text, "utf-8", "replace") for text in texts]
        body = join([pack(size(part)) + part for part in parts])
        return token + pack(size(body)) + body

    fallback = packed("memory", "MemoryError", "", "", "0")

    def say(*texts: str) -> NoReturn:
        try:
            message = packed(*texts)
        except no_memory:
            message = fallback
        while message:
            message = message[write(channel, message) :]
        end(0)

    write(channel, READY)
    try:
        programs, checks = _programs(job)
    except anything as error:
        say("raised", _compile_error(error), "", "", "0")
    answer, tests = _module("solution"), _module("tests")
    attempt, worth, describe = _runners({ANSWER: job["code"], TESTS: job["tests"], VALUE: job["value"]})
    start, hand_over, lazily = start_new_thread, deque[Any](maxlen=0).extend, map
    finished: SimpleQueue[Any] = SimpleQueue()
    put, await_it = finished.put, finished.get
    _seal()
    own = {"__builtins__": dict(vars(builtins)), "__name__": "tests"}

    def stage(function: Any, *arguments: Any) -> Any:
        start(hand_over, (lazily(put, lazily(function, *[(one,) for one in arguments])),))
        return await_it()

    try:
        value = ""
        for name, program in programs:
            if name == ANSWER:
                error = stage(attempt, program, answer)
            else:
                for owner, saved in pristine:
                    if kinds(owner) is dict:
                        owner.update(saved)
                    else:
                        for key, was in saved:
                            set_attribute(owner, key, was)
                tests.update({**answer, **own, **tests}) if name == VALUE else tests.update({**answer, **own})
                error, value = (stage(attempt, program, tests), "") if name == TESTS else stage(worth, program, tests)
            if error is not None:
                setrlimit(memory, (spare, spare))
                ended, reason, missing = stage(describe, error)
                if ended == "exited":
                    say("exited", reason, "", "", checks)
                say("memory" if ended == "memory" else "raised", reason, missing, "", checks)
        setrlimit(memory, (spare, spare))
        say("done", "", "", value, checks)
    except no_memory:
        say("memory", "MemoryError", "", "", checks)
    except anything:
        end(CHANNEL_LOST)


def _module(name: str) -> dict[str, Any]:
    """The namespace of a new module, which imports and dataclasses find by its name."""
    sys.modules[name] = module = types.ModuleType(name)
    return vars(module)


def _runners(sources: dict[str, str]) -> tuple[Any, Any, Any]:
    """The three functions that run beside a program; what they call is bound before it starts."""
    execute, evaluate, as_json, text, anything = exec, eval, json.dumps, repr, BaseException
    told, lines = _describe, {name: text.splitlines() for name, text in sources.items()}

    def attempt(program: Any, space: dict[str, Any]) -> BaseException | None:
        try:
            execute(program, space)
        except anything as error:
            return error
        return None

    def worth(program: Any, space: dict[str, Any]) -> tuple[BaseException | None, str]:
        try:
            value = as_json(evaluate(program, space), default=text)
            return None, value if len(value) <= _LONGEST_VALUE else as_json(value[:_LONGEST_VALUE])
        except anything as error:
            return error, ""

    def describe(error: BaseException) -> tuple[str, str, str]:
        try:
            return told(error, lines)
        except anything:  # its own `__str__` may do anything
            return "raised", type(error).__name__, ""

    return attempt, worth, describe


def _programs(job: dict[str, Any]) -> tuple[list[tuple[str, Any]], str]:
    """The compiled parts in order, and how many checks the tests hold. Raises whatever `compile` raises."""
    answer = ast.parse(job["code"], ANSWER)
    if job["hollow"]:
        _hollow(answer)
    programs = [(ANSWER, compile(answer, ANSWER, "exec"))]
    checks = 0
    if job["tests"]:
        tree = ast.parse(job["tests"], TESTS)
        checks = _call_tests(tree)
        programs.append((TESTS, compile(tree, TESTS, "exec")))
    if job["value"]:
        programs.append((VALUE, compile(job["value"].strip(), VALUE, "eval")))
    return programs, str(checks)


def _hollow(tree: ast.Module) -> None:
    """Let every function return nothing, but keep what makes an object of a class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "__init__":
            node.body = [ast.copy_location(ast.Return(None), node)]


def _call_tests(tree: ast.Module) -> int:
    """Add calls of the test functions and cases that the tests define, as pytest would; count assertions."""
    checks = sum(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(tree))
    checks += sum(
        isinstance(node, ast.Attribute) and node.attr.lower().startswith(("assert", "raises")) for node in ast.walk(tree)
    )
    tree.body = [line for line in tree.body if not _runs_unittest(line)]
    last = max((line.end_lineno or 0 for line in tree.body), default=0)
    added: list[ast.stmt] = []
    for line in tree.body:
        if isinstance(line, ast.FunctionDef) and line.name.startswith("test") and not _arguments(line.args):
            added += ast.parse(f"{line.name}()", TESTS).body
        elif isinstance(line, ast.AsyncFunctionDef) and line.name.startswith("test") and not _arguments(line.args):
            added += ast.parse(f"__import__('asyncio').run({line.name}())", TESTS).body
        elif isinstance(line, ast.ClassDef) and any("TestCase" in ast.unparse(base) for base in line.bases):
            added += ast.parse(_RUN_CASE.format(line.name), TESTS).body
    tree.body += [ast.increment_lineno(line, last) for line in added]  # past the end: no place in the user's text
    return checks


_RUN_CASE = """
__result = __import__("unittest").TestResult()
__import__("unittest").defaultTestLoader.loadTestsFromTestCase({0}).run(__result)
for __failed in __result.failures + __result.errors:
    raise AssertionError("{0}: " + __failed[1].strip().splitlines()[-1])
"""


def _arguments(arguments: ast.arguments) -> bool:
    """Whether it cannot be called without any."""
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return needed > 0 or any(default is None for default in arguments.kw_defaults)


def _runs_unittest(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and ast.unparse(line).startswith("unittest.main(")


def pristine() -> Pristine:
    """What tests rest on (builtins, unittest, the modules there are), as it is before any program runs; unchangeable."""
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] not in _FORGOTTEN}
    spaces = [vars(builtins), *(vars(module) for name, module in kept.items() if name.partition(".")[0] == "unittest")]
    found: list[tuple[Any, tuple[tuple[str, Any], ...]]] = [(sys.modules, tuple(kept.items()))]
    found += [(space, tuple(space.items())) for space in spaces]
    for cls in (unittest.TestCase, unittest.TestResult, unittest.TestSuite, unittest.TestLoader):
        found.append((cls, tuple((key, value) for key, value in vars(cls).items() if callable(value))))
    return tuple(found)


def _compile_error(error: BaseException) -> str:
    """Syntax errors say where; a program too large for the compiler says so."""
    if isinstance(error, SyntaxError):
        where = f" (line {error.lineno} of the {(error.filename or ANSWER)[1:-1]})" if error.lineno else ""
        return f"{type(error).__name__}: {error.msg}{where}"
    return f"{type(error).__name__}: {error}"[:300]


def _describe(error: BaseException, sources: dict[str, list[str]]) -> tuple[str, str, str]:
    """How it ended, the last line of the traceback and its place, and the module that was not found."""
    said = " ".join(str(error).split())[:300]
    name = type(error).__name__
    where = _place(error, sources, bare=not said)
    missing = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    if isinstance(error, SystemExit):
        return "exited", f"left early: sys.exit({said}){where}", ""
    line = f"{name}: {said}" if said else name
    return "memory" if isinstance(error, MemoryError) else "raised", line + where, missing


def _place(error: BaseException, sources: dict[str, list[str]], bare: bool) -> str:
    """The innermost line of the answer or the tests that the error passed through, ` (line 3 of the tests)`.

    The line itself is quoted where the error says nothing (`bare`), as a failed `assert` does.
    """
    found = ""
    trace = error.__traceback__
    while trace is not None:
        file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        if file in sources and line <= len(sources[file]):
            text = sources[file][line - 1].strip()[:160] if bare else ""
            found = f" (line {line} of the {file[1:-1]}{': ' + text if text else ''})"
        trace = trace.tb_next
    return found


def _seal() -> None:
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
