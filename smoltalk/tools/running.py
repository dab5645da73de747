"""Carries calls out in the sandbox, by the Python files of a library, and says what came of each."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from smoltalk.sandbox.limits import Limits
from smoltalk.sandbox.pool import run_python
from smoltalk.text import neutralise
from smoltalk.tools.calls import Call
from smoltalk.tools.schemas import Library

_MOST = 20_000
"""Characters of one result; a longer one is no result."""

_PROGRAM = """
import contextlib, io, json

sources, calls = json.loads({sources!r}), json.loads({calls!r})


def carry_out(name, arguments):
    names = {{"__name__": name}}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(sources[name], name + ".py", "exec"), names)
        returned = names[name](**arguments)
    return json.dumps(returned, ensure_ascii=False, allow_nan=False)


def all_of_them():
    results = []
    for name, arguments in calls:
        try:
            text = carry_out(name, arguments)
            results.append([True, text] if len(text) <= {most} else [False, "the result is too long"])
        except Exception as error:
            results.append([False, (type(error).__name__ + ": " + str(error))[:300]])
    return results
"""
"""Runs inside the sandbox. Each call gets its tool's file anew, so no call sees what another left behind."""


class Result(NamedTuple):
    """What came of a call: `text` is what the tool returned as JSON, or why it returned nothing."""

    ok: bool
    text: str


class NotRun(Exception):
    """The calls could not be carried out, which says nothing of them: no code, or no sandbox."""


def carry_out(calls: Sequence[Call], library: Library, seconds: float = 5.0, memory_mb: int = 512) -> list[Result]:
    """A result for each call, in order; blocks, so call it off the event loop.

    All calls of a row share one program and `seconds` of CPU: when it is ended, none of them has a result. Raises
    `NotRun`.
    """
    sources: dict[str, str] = {}
    for call in calls:
        tool = library.tools.get(call.name)
        if tool is None or tool.code is None:
            raise NotRun(f"there is no code that carries out `{call.name}`")
        sources[call.name] = tool.code.read_text(encoding="utf-8")
    if not calls:
        return []
    code = _PROGRAM.format(sources=json.dumps(sources), calls=json.dumps([list(call) for call in calls]), most=_MOST)
    ran = run_python(code, value="all_of_them()", limits=Limits(seconds=seconds, memory_mb=memory_mb))
    if ran.ended == "not_run":
        raise NotRun(ran.reason)
    if ran.ended != "done":
        return [Result(False, neutralise(f"{ran.ended}: {ran.reason}"))] * len(calls)
    return _results(ran.value, len(calls))


def _results(value: object, count: int) -> list[Result]:
    """What the program gave back, read as anything that comes out of a sandbox: it may be of any form."""
    pairs = value if isinstance(value, list) and len(value) == count else [None] * count
    return [
        Result(pair[0], neutralise(pair[1]))
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], bool) and isinstance(pair[1], str)
        else Result(False, "the tool's program gave back something else than results")
        for pair in pairs
    ]
