"""Start the server: settings from the environment, people and the address as one line of JSON on stdin.

When it answers, one line of JSON goes to stdout: `{"url": ...}`. It ends cleanly on SIGINT and SIGTERM.
"""

import asyncio
import json
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

_VERSION = "2.8.0"
"""The only one whose private names are known here."""


def main() -> int:
    """Serve until told to stop."""
    told = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_caller, daemon=True).start()
    scratch = Path(told["home"]) / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)  # of a server that was killed
    scratch.mkdir(exist_ok=True)
    tempfile.tempdir = str(scratch)  # the server copies its pages there at each start, and leaves them
    from argilla_server._version import __version__

    if __version__ != _VERSION:
        print(f"this is argilla-server {__version__}, not {_VERSION}", file=sys.stderr)
        return 1
    import uvicorn
    from argilla_server._app import app

    from . import engine  # noqa: F401 (registers itself)
    from .alone import swifter, to_itself, without_redis
    from .people import Person, settle

    without_redis()
    swifter()
    to_itself(app)
    _migrate()
    asyncio.run(settle([Person(**one) for one in told["people"]], told["workspace"]))
    door = socket.create_server(("127.0.0.1", told["port"]), backlog=512)
    url = f"http://127.0.0.1:{door.getsockname()[1]}"

    class Server(uvicorn.Server):  # type: ignore[misc]
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(json.dumps({"url": url}), flush=True)
                os.dup2(2, 1)  # nobody reads on: what is printed from now on goes to the log

    server = Server(uvicorn.Config(app, access_log=False, log_level="warning", timeout_graceful_shutdown=5))
    server.run(sockets=[door])
    return 0 if server.started else 1


def _end_with_caller() -> None:
    """Who started the server holds its stdin open; when that is gone, however it went, so is the server."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _migrate() -> None:
    from alembic import command
    from alembic.config import Config
    from argilla_server.database import ALEMBIC_CONFIG_FILE

    command.upgrade(Config(ALEMBIC_CONFIG_FILE), "head")
    logging.getLogger("alembic").setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
