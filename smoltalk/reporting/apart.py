"""Pages drawn by a process of their own: where memory is short, the plotting library ends its process, which must not
be the one that holds what was worked for."""

import subprocess
import sys


def apart(module: str, *given: str) -> str:
    """Run `python -m module given...`, which draws; why it could not, a clause: empty where it could."""
    done = subprocess.run([sys.executable, "-m", module, *given], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return said[-1][:200] if said and done.returncode == 1 else "memory may be short"
