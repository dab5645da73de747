"""Every test runs the same way each time: the same generated cases, and an environment that says nothing.

Also lets pipelines under test name engines of `tests.run.scripted` by import path.
"""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

# What fails today failed yesterday; a slow machine fails nothing. `--hypothesis-profile=search` looks for new cases.
settings.register_profile(
    "same", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", settings.get_profile("same"), derandomize=False, max_examples=1000)
settings.load_profile("same")

SAYS_NOTHING = (
    "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS", "GITHUB_ACTIONS", "TERMINAL_WIDTH",
    "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE", "OPENAI_API_KEY",
    "CUDA_DEVICE_ORDER", "SMOLTALK_RUN_UNCONFINED", "PYTHONWARNINGS",
)  # fmt: skip
"""What a person or a build server may have set, and what tests, and the processes they start, go by."""
for name in SAYS_NOTHING:
    os.environ.pop(name, None)

import smoltalk.words.compiled  # noqa: E402, F401  where machine code is kept is settled before a test has a cache of its own

# A shell that starts something in the background lets it, and all that it starts, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

NEVER = 3600.0
"""Seconds between two lines of progress: what takes long on a busy machine says no more than what does not."""


@pytest.fixture(scope="session", autouse=True)
def _no_progress() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("smoltalk.cli.live._LINE_EVERY", NEVER)
        patch.setattr("smoltalk.cli.progress._EVERY", NEVER)
        yield


LONGEST = ("test_killing.py", "test_distilabel_runner.py", "test_data_helps.py", "test_several_processes.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin first: others run beside them, and nothing waits for them at the end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
