"""Runs one program inside a confined child, and says how it ended over a channel that the program cannot use.

The verdict is a record behind a token of 16 random bytes that only the main thread's frames and the server know. The
program runs in a second thread, at whose bottom stands C code, so its frames lead nowhere; an audit hook (PEP 578)
refuses what would reach another thread's frames or raw memory. `os._exit`, a closed channel or a forged record give no
token, and no token is no verdict.
"""

import builtins
import json
import os
import random
import resource
import struct
import sys
import types
from _queue import SimpleQueue
from _thread import start_new_thread
from collections import deque
from typing import Any, NoReturn

from smoltalk.sandbox.complaint import describe as described
from smoltalk.sandbox.programs import ANSWER, TESTS, VALUE, compile_error, programs
from smoltalk.sandbox.sealing import Pristine, seal

RECORD = struct.Struct("!I")
"""A length: of a record behind its token, and of each of its five texts."""
READY = b"+"
"""Said once the child is confined: without it, nothing was run."""
CHANNEL_LOST = 77
"""Exit status of a child that cannot say how its program ended, because that closed its files."""
_LONGEST_VALUE = 200_000
"""Characters of a value's JSON."""


def run(job: dict[str, Any], token: bytes, channel: int, pristine: Pristine) -> NoReturn:
    """Run `code`, then `tests`, then `value` of the job, write the record into `channel`, and end the process.

    `pristine` is put back before the tests run.
    """
    # Everything below is a local and runs as C code or as a closure made here: what a program changes in modules and
    # builtins does not reach this frame. No Python function of a module is called once the program has started.
    write, end, encode, pack, join = os.write, os._exit, str.encode, RECORD.pack, b"".join
    setrlimit, memory, spare = resource.setrlimit, resource.RLIMIT_AS, resource.getrlimit(resource.RLIMIT_AS)[1]
    bounded = spare != resource.RLIM_INFINITY
    no_memory, anything, size, kinds, set_attribute = MemoryError, BaseException, len, type, type.__setattr__

    def packed(*texts: str) -> bytes:
        parts = [encode(text, "utf-8", "replace") for text in texts]
        body = join([pack(size(part)) + part for part in parts])
        return token + pack(size(body)) + body

    def make_room() -> None:
        if bounded:
            setrlimit(memory, (spare, spare))

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
        parts, checks = programs(job)
    except anything as wrong:
        say("raised", compile_error(wrong), "", "", "0")
    answer, tests = _module("solution"), _module("tests")
    attempt, worth, describe = _runners({ANSWER: job["code"], TESTS: job["tests"], VALUE: job["value"]})
    start, hand_over, lazily = start_new_thread, deque[Any](maxlen=0).extend, map
    finished: SimpleQueue[Any] = SimpleQueue()
    put, await_it = finished.put, finished.get
    random.seed(0)
    seal()
    own = {"__builtins__": dict(vars(builtins)), "__name__": "tests"}

    def stage(function: Any, *arguments: Any) -> Any:
        try:
            start(hand_over, (lazily(put, lazily(function, *[(one,) for one in arguments])),))
        except anything:
            make_room()
            say("memory", "left no memory or no thread for what comes after", "", "", checks)
        return await_it()

    try:
        value = ""
        for name, program in parts:
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
                make_room()
                ended, reason, missing = stage(describe, error)
                if ended == "exited":
                    say("exited", reason, "", "", checks)
                say("memory" if ended == "memory" else "raised", reason, missing, "", checks)
        make_room()
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
    told, lines = described, {name: text.splitlines() for name, text in sources.items()}

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
