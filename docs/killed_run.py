"""A real run of `pipelines/quickstart.yaml`, killed and gone on with: what the README shows of it.

`make docs` kills the process with SIGKILL in the middle, gives the same command again, and holds the books against
those of the run that docs/one-row.md is from, which was left in peace.
"""

import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "smoltalk run pipelines/quickstart.yaml"
REPLIES = 800
"""The process is killed when the journal holds so many."""


def killed_run(peaceful: dict[str, Any]) -> str:
    """Both commands and what the second one prints; `peaceful` are the books that must come out."""
    from smoltalk.cli.books import ledger
    from smoltalk.run.folder import RunFolder
    from smoltalk.run.session import books_of

    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder) / "quickstart")
        first = _started(run)
        while first.poll() is None and _replies(run) < REPLIES:
            time.sleep(0.01)
        first.kill()
        first.communicate()
        said, _ = (again := _started(run)).communicate()
        assert again.returncode == 0, said
        books = books_of(run)
    same = ("state", "born", "accepted", "rejected", "failed", "by_reason")
    assert {name: books.as_json()[name] for name in same} == {name: peaceful[name] for name in same}
    (goes_on,) = re.findall(r"^continues .*$", said.replace(str(run.path), "runs/quickstart"), re.M)
    commands = [f"$ {COMMAND}", "Killed", f"$ {COMMAND}", goes_on]
    return "\n".join([*commands, "...", "", ledger("quickstart", books).strip("\n")])


def _started(run: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", *COMMAND.split(), "--out", str(run.path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _replies(run: Any) -> int:
    """Replies on the disk; 0 while there is no database yet."""
    if not run.exists():
        return 0
    with closing(sqlite3.connect(f"{run.database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM replies").fetchone()[0])
        except sqlite3.OperationalError:  # its tables are not made yet
            return 0
