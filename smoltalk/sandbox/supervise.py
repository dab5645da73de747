"""Watches one child from outside: its channel, its output, its clock; ends it, and all that came of it."""

import contextlib
import os
import select
import signal
import time
from typing import Any

from smoltalk.sandbox.harness import CHANNEL_LOST, FAILED, GAVE, LENGTH, READY

_LONGEST_RECORD = 2 << 20
"""Bytes that may come over the channel; more is no verdict."""
_FLOOD = 64 << 20
"""Bytes of output after which a program is ended."""
_READ = 1 << 16
WALL = 2
"""Seconds of the wall clock for one of CPU."""


def watch(child: int, token: bytes, channel: int, printed: int, control: int, job: dict[str, Any]) -> dict[str, Any]:
    """Read until the verdict, the end of the child or of its time; what it became, as `limits.Ran` has it.

    `control` is watched for hanging up only: a factory that is gone needs no verdict. Raises `EOFError` then.
    """
    poll = select.poll()
    for end in (channel, printed):
        poll.register(end, select.POLLIN)
    poll.register(control, 0)
    record, output, flooded = b"", b"", 0
    started = time.monotonic()
    patience = WALL * job["seconds"]
    deadline = started + patience
    status, became, cpu = None, None, 0.0
    while became is None:
        left = deadline - time.monotonic()
        if left <= 0:
            became = {"ended": "timeout", "reason": f"still running after {patience:g} s"}
            break
        for end, event in poll.poll(min(left, 0.05) * 1000 if status is None else 0) or [(-1, 0)]:
            if end == control and event & (select.POLLHUP | select.POLLERR):
                raise EOFError
            if end == -1 and status is not None:
                became = _without_verdict(status, cpu, record, job["seconds"])
            elif end == channel:
                part = os.read(channel, _READ)
                record += part
                if not part:
                    poll.unregister(channel)
                elif len(record) > _LONGEST_RECORD:
                    became = {"ended": "exited", "reason": "wrote into files that are not its own"}
            elif end == printed:
                part = os.read(printed, _READ)
                flooded += len(part)
                output += part[: max(0, job["output_bytes"] - len(output))]
                if not part:
                    poll.unregister(printed)
                elif flooded > _FLOOD:
                    became = {"ended": "exited", "reason": f"printed more than {_FLOOD >> 20} MB"}
        verdict = _verdict(record, token)
        became = verdict or became
        if status is None:
            pid, found, usage = os.wait4(child, os.WNOHANG)
            if pid:
                status, cpu = found, usage.ru_utime + usage.ru_stime
    if status is None:
        _end(child)
    text = output.decode("utf-8", "replace")
    return {**became, "output": text, "seconds": time.monotonic() - started}


def _verdict(record: bytes, token: bytes) -> dict[str, Any] | None:
    """What stands behind the token, or behind the mark of a failure; None before all of it is there.

    Only the token is to be trusted: the rest may come from the program, and is nothing but texts.
    """
    head, _, _ = record.rpartition(token)
    passed = _behind(record, token)
    if passed is not None:
        value = _texts(_behind(head, GAVE) or b"")
        checks, _, uncalled = passed.decode("utf-8", "replace").partition(" ")
        return {"ended": "done", "checks": int(checks), "uncalled": uncalled, "value": value[0] if value else ""}
    failed = _behind(record, FAILED)
    if failed is None:
        return None
    ended, reason, missing, checks = (*_texts(failed), "", "", "", "")[:4]
    known = ended if ended in ("exited", "memory") else "raised"
    count = int(checks) if checks.isascii() and checks.isdigit() and len(checks) < 9 else 0
    return {"ended": known, "reason": reason or "failed", "missing": missing, "checks": count}


def _behind(record: bytes, mark: bytes) -> bytes | None:
    """The body behind the last such mark, once it is whole."""
    _, found, rest = record.rpartition(mark)
    if not found or len(rest) < LENGTH.size:
        return None
    end = LENGTH.size + LENGTH.unpack_from(rest)[0]
    return rest[LENGTH.size : end] if len(rest) >= end else None


def _texts(body: bytes) -> list[str]:
    """The texts of a record, as many as are whole."""
    texts = []
    while len(body) >= LENGTH.size:
        end = LENGTH.size + LENGTH.unpack_from(body)[0]
        texts.append(body[LENGTH.size : end].decode("utf-8", "replace"))
        body = body[end:]
    return texts


def _without_verdict(status: int, cpu: float, record: bytes, seconds: float) -> dict[str, Any]:
    """A child that ended without one: by its own exit, or by a signal."""
    if not record.startswith(READY):
        return {"ended": "not_run", "reason": "the sandbox could not be closed around the program"}
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu >= seconds):
            return {"ended": "timeout", "reason": f"used more than {seconds:g} s of CPU"}
        return {"ended": "crashed", "reason": f"crashed: {signal.Signals(number).name}"}
    code = os.WEXITSTATUS(status)
    said = "closed the files it was given" if code == CHANNEL_LOST else f"left early: os._exit({code})"
    return {"ended": "exited", "reason": said}


def _end(child: int) -> None:
    """Kill the child and its whole session, and take its status."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)


def sweep(alone: bool) -> None:
    """End and bury everything that is still there below this process; `alone` in its process namespace, that is all."""
    while True:
        found = [-1] if alone else _children()
        for process in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        if not found:  # somebody is left whom this machine does not list
            return
        time.sleep(0.0005)


def _children() -> list[int]:
    """Processes whose parent is this one, adopted ones among them; none where there is no /proc."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return []
