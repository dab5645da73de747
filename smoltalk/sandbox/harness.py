"""Runs one program inside a confined child, and says how it ended.

That it passed is said behind a token of 16 random bytes, and by C code alone: the program, its tests and the writing of
the token are links of one chain of iterators that a C function drains, so whatever ends the tests early ends the chain.
No frame, namespace or module holds the chain or the token; what could still find them is refused (`sealing`). How a
program failed needs no proof, so Python says it.
"""

import builtins
import json
import os
import random
import resource
import struct
import sys
import types
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Any, NoReturn

from smoltalk.sandbox.complaint import describe
from smoltalk.sandbox.programs import ANSWER, TESTS, VALUE, compile_error, programs
from smoltalk.sandbox.sealing import Pristine, seal

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


def run(job: dict[str, Any], secret: list[bytes], channel: int, before: Pristine) -> NoReturn:
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
        parts, checks = programs(job)
    except BaseException as error:
        say(FAILED, "raised", compile_error(error), "", "0")
        end(0)
    random.seed(0)
    seal()
    drain, again = deque[Any](maxlen=0).extend, _put_back(before)
    try:
        drain(_links(parts, before, write, channel, secret.pop() + pack(size(checks)) + checks.encode(), say))
        end(0)
    except:  # noqa: E722  (by name, a program could have made it another)
        try:
            if bounded:
                setrlimit(memory, (spare, spare))
            drain(again)
            say(FAILED, *told(sys.exc_info()[1], sources), checks)
            end(0)
        finally:
            end(lost)


def _links(
    parts: list[tuple[str, Any]], before: Pristine, write: Any, channel: int, passed: bytes, say: Any
) -> Iterator[Any]:
    """All that is to happen, in order, each when the one before went well; the token is written last.

    Only C functions run the program: no frame below its own leads anywhere but to `run`.
    """
    answer, tests = _module("solution"), _module("tests")
    own = {"__builtins__": dict(vars(builtins)), "__name__": "tests"}
    programs = dict(parts)
    links: list[Iterator[Any]] = [map(exec, (programs[ANSWER],), (answer,)), _put_back(before)]
    links.append(map(dict.update, (tests, tests), (answer, own)))
    if TESTS in programs:
        links.append(map(exec, (programs[TESTS],), (tests,)))
    if VALUE in programs:
        links.append(map(_teller(say), map(eval, (programs[VALUE],), (tests,))))
    links.append(map(write, (channel,), (passed,)))
    return chain.from_iterable(links)


def _put_back(before: Pristine) -> Iterator[Any]:
    """What makes namespaces and classes hold again what they held."""
    spaces, classes = before
    owners, held = zip(*spaces, strict=True)
    return chain(map(dict.update, owners, held), map(type.__setattr__, *zip(*classes, strict=True)))


def _teller(say: Any) -> Any:
    """A function that says what `value` is."""
    as_json, text, longest = json.dumps, repr, _LONGEST_VALUE

    def tell(value: Any) -> None:
        said = as_json(value, default=text)
        say(GAVE, said if len(said) <= longest else as_json(said[:longest]))

    return tell


def _module(name: str) -> dict[str, Any]:
    """The namespace of a new module, which imports and dataclasses find by its name."""
    sys.modules[name] = module = types.ModuleType(name)
    return vars(module)
