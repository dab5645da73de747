"""Runs one program inside a confined child, and says how it ended.

That it passed is said behind a token of 16 random bytes, and by C code alone: the program, its tests and the writing of
the token are links of one chain of iterators that a C function drains, so whatever ends the tests early ends the chain.
No frame, namespace or module holds the chain or the token; what could still find them is refused (`sealing`). How a
program failed needs no proof, so Python says it.
"""

import builtins
import contextlib
import json
import operator
import os
import random
import resource
import struct
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any, NoReturn

from smoltalk.sandbox.calling import caller
from smoltalk.sandbox.complaint import describe
from smoltalk.sandbox.pristine import Kept, kept, put_back
from smoltalk.sandbox.programs import ANSWER, TESTS, VALUE, Programs, compile_error, programs
from smoltalk.sandbox.sealing import seal

LENGTH = struct.Struct("!I")
"""The length of a record behind its mark, and of each text in it."""
READY = b"+"
"""Said once the child is confined: without it, nothing was run."""
FAILED, GAVE = b"\0smoltalk failed\0", b"\0smoltalk gave\0"
"""Marks of the records that need no token: how it failed, what `value` is."""
CHANNEL_LOST = 77
"""Exit status of a child that cannot say how its program ended, because that closed its files."""
_LONGEST_VALUE = 200_000
"""Characters of a value's JSON."""


def run(job: dict[str, Any], secret: list[bytes], channel: int, before: Kept) -> NoReturn:
    """Run `code`, then `tests`, then `value` of the job, write how it ended into `channel`, and end the process.

    `secret` holds the token, and is emptied. `before` is put back before the tests run.
    """
    # What a program changes in modules and builtins does not reach these locals; and they hold no secret.
    write, end, encode, pack, join, size = os.write, os._exit, str.encode, LENGTH.pack, b"".join, len
    setrlimit, memory, spare = resource.setrlimit, resource.RLIMIT_AS, resource.getrlimit(resource.RLIMIT_AS)[1]
    bounded, told, lost = spare != resource.RLIM_INFINITY, describe, CHANNEL_LOST
    sources = {name: job[key].splitlines() for name, key in ((ANSWER, "code"), (TESTS, "tests"), (VALUE, "value"))}

    def say(mark: bytes, *texts: str) -> None:
        parts = [encode(text, "utf-8", "replace") for text in texts]
        body = join([pack(size(part)) + part for part in parts])
        message = mark + pack(size(body)) + body
        while message:
            message = message[write(channel, message) :]

    write(channel, READY)
    try:
        program = programs(job)
    except BaseException as error:
        say(FAILED, "raised", compile_error(error), "", "0")
        end(0)
    random.seed(0)
    seal()
    checks = str(program.checks)
    seen = f"{checks} {program.uncalled}".encode()
    drain, fresh = deque[Any](maxlen=0).extend, _fresh(program.imports)
    again = put_back(before, fresh)  # for failures alone: a program finds it in this frame
    absent = tuple(name for name in program.imports if name not in sys.modules)
    try:
        drain(
            _links(
                program,
                partial(put_back(before, fresh), absent),
                write,
                channel,
                secret.pop() + pack(size(seen)) + seen,
                say,
            )
        )
        end(0)
    except:  # noqa: E722  (by name, a program could have made it another)
        try:
            if bounded:
                setrlimit(memory, (spare, spare))
            _, failure, trace = sys.exc_info()
            ended = told(failure, sources)
            if trace and trace.tb_next is None and "zip()" in ended[1]:
                ended = ("raised", "StopIteration came out of the answer or its tests", "")
            again(absent)
            say(FAILED, *ended, checks)
            end(0)
        finally:
            end(lost)


def _links(program: Programs, again: Any, write: Any, channel: int, passed: bytes, say: Any) -> Iterator[Any]:
    """All that is to happen, in order, each when the one before went well; the token is written last.

    C functions call the program, and a function that calls tests: no frame below leads anywhere but to `run`.
    """
    answer, tests, parts = _module("solution"), _module("tests"), program.parts
    own = {"__builtins__": dict(vars(builtins)), "__name__": "tests"}
    links = [_link(exec, parts[ANSWER], answer), _link(again)]
    links.append(_link(dict.update, tests, answer))
    links += [_link(dict.pop, tests, name, None) for name in program.shadowed]
    links.append(_link(dict.update, tests, own))
    if TESTS in parts:
        links += [_link(exec, parts[TESTS], tests), _link(caller(program.tests), tests)]
    if VALUE in parts:
        links.append(_link(_teller(say, parts[VALUE]), tests))
    links.append(_link(write, channel, passed))
    return chain.from_iterable(links)


def _link(function: Any, *arguments: Any) -> Iterator[Any]:
    """One call. A `StopIteration` of it would end a bare `map` like a call that went well; the strict `zip` objects."""
    called: Iterator[Any] = map(function, *((one,) for one in arguments)) if arguments else map(_call, (function,))
    return zip(called, (None,), strict=True)


_call = operator.methodcaller("__call__")


def _fresh(names: Iterable[str]) -> Kept:
    """Load what the tests import before the program can change it; what these modules hold."""
    there = set(sys.modules)
    for name in names:
        with contextlib.suppress(Exception):
            __import__(name)
    return kept(name for name in sys.modules if name not in there)


def _teller(say: Any, program: Any) -> Any:
    """A function that says what `value` is."""
    as_json, text, longest, evaluate = json.dumps, repr, _LONGEST_VALUE, eval

    def tell(names: dict[str, Any]) -> None:
        said = as_json(evaluate(program, names), default=text)
        say(GAVE, said if len(said) <= longest else as_json(said[:longest]))

    return tell


def _module(name: str) -> dict[str, Any]:
    """The namespace of a new module, which imports and dataclasses find by its name."""
    sys.modules[name] = module = types.ModuleType(name)
    return vars(module)
