"""How a command ends: every error a sentence on stderr and an exit code, never a traceback."""

import io
import os
import re
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

from smoltalk.cli.screen import Unread, complain
from smoltalk.errors import UserError, WorldError

DONE, OUR_FAULT, MISTAKE, WORLD, INTERRUPTED, NOBODY_READS = 0, 1, 2, 3, 130, 141

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW", re.IGNORECASE)


def ended(command: Callable[[], object]) -> int:
    """Run a command and turn however it ends into an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # text a terminal cannot show is escaped, not a crash
            stream.reconfigure(errors="backslashreplace")
    if not sys.warnoptions:  # what libraries warn about is for us, who test with warnings as errors
        warnings.simplefilter("ignore")
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else (DONE if end.code is None else OUR_FAULT)
    except UserError as error:
        complain(str(error))
        return MISTAKE
    except WorldError as error:
        complain(str(error))
        return WORLD
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except Unread as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in the buffer goes nowhere
        if isinstance(error.__cause__, BrokenPipeError):  # whoever read our output has seen enough
            return NOBODY_READS
        complain(str(error))
        return WORLD
    except Exception as error:
        confess(error, Path(tempfile.mkdtemp(prefix="smoltalk-")))
        return OUR_FAULT
    return DONE


def confess(error: Exception, folder: Path, kept: str = "") -> None:
    """A fault of ours: a sentence on the screen, the traceback in `folder/crash.txt`, no secret in either."""
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    lines = [f"this is a fault in smoltalk: {_without_secrets(f'{type(error).__name__}: {error}')[:500]}"]
    if kept:
        lines.append(f"    kept: {kept}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "crash.txt"
        file.write_text(_without_secrets("".join(told.format())), encoding="utf-8", errors="backslashreplace")
        lines.append(f"    please report it with {file}")
    except OSError as failed:
        lines.append(f"    its traceback could not be written: {failed}")
    complain("\n".join(lines))


def _without_secrets(text: str) -> str:
    from smoltalk.redaction import redact

    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= 8:
            text = text.replace(value, f"${name}")
    return redact(text)
