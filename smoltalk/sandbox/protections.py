"""What keeps programs in on this machine, in a line for people."""

from collections.abc import Mapping, Sequence
from typing import Any


def described(found: Mapping[str, Any]) -> str:
    """What is on, and what a program can do where something is missing; `found` is `pool.protections()`."""
    landlock, filtered, alone = found["landlock"], found["seccomp"], found["namespaces"]
    have = {"namespaces": alone, f"Landlock {landlock}" if landlock else "Landlock": landlock, "seccomp": filtered}
    on, missing = [name for name, there in have.items() if there], [name for name, there in have.items() if not there]
    said = f"sandbox: {', '.join(on) or 'limits of time and memory only'}"
    if not missing:
        return f"{said}; all protections are on"
    can: list[str] = []
    if not landlock:
        can.append("read your files, and write none" if filtered else "read and write your files")
    if not filtered:
        can += ["start processes"] if alone else ["start processes", "use the network"]
    what = f"a program can {_and(can)}" if can else "the others hold alone"
    return f"{said}; without {_and(missing)} {what}: see docs/sandbox.md"


def confined(found: Mapping[str, Any]) -> bool:
    """Whether something keeps a program from the files, the processes and the network of the user."""
    return bool(found["seccomp"] or (found["landlock"] and found["namespaces"]))


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
