"""Messages between the factory and a sandbox server: JSON behind its length, over a socket."""

import json
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!I")
LONGEST = 64 << 20
"""Bytes in one message."""


def send(end: socket.socket, message: dict[str, Any]) -> None:
    """Write one message. Raises `OSError` when nobody reads, `ValueError` when it is too long."""
    body = json.dumps(message).encode()
    if len(body) > LONGEST:
        raise ValueError(f"a message of {len(body)} bytes; the most is {LONGEST}")
    end.sendall(_LENGTH.pack(len(body)) + body)


def receive(end: socket.socket) -> dict[str, Any] | None:
    """Read one message; None when the other end is gone. Raises `OSError` (`TimeoutError` among them)."""
    head = _exactly(end, _LENGTH.size)
    body = _exactly(end, _LENGTH.unpack(head)[0]) if head else None
    return json.loads(body) if body else None


def _exactly(end: socket.socket, size: int) -> bytes | None:
    parts: list[bytes] = []
    while size > 0:
        part = end.recv(min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
