"""The door to distilabel: imports it once, and takes back what it does to the process.

distilabel 1.5.3 installs rich tracebacks that print local variables (secrets among them), and an old pydantic idiom of
it warns at import.
"""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic.warnings import UnsupportedFieldAttributeWarning

_hook = sys.excepthook
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from distilabel.models.llms.base import AsyncLLM
    from distilabel.pipeline import Pipeline as Dag
    from distilabel.steps import CombineOutputs, GeneratorStep, StepInput
    from distilabel.steps import Step as DagStep
    from distilabel.steps.base import GlobalStep
    from distilabel.steps.tasks.base import Task
    from distilabel.typing import GeneratorStepOutput, StepOutput
sys.excepthook = _hook
# The same idiom warns again for each class that inherits from distilabel's.
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)
logging.getLogger("distilabel").setLevel(logging.ERROR)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the progress lines that distilabel logs at every step's load, and the bars of `datasets`."""
    from datasets import disable_progress_bars, enable_progress_bars

    logger = logging.getLogger("distilabel")
    before = logger.level
    logger.setLevel(logging.ERROR)
    disable_progress_bars()
    try:
        yield
    finally:
        logger.setLevel(before)
        enable_progress_bars()


__all__ = [
    "AsyncLLM",
    "CombineOutputs",
    "Dag",
    "DagStep",
    "GeneratorStep",
    "GeneratorStepOutput",
    "GlobalStep",
    "StepInput",
    "StepOutput",
    "Task",
    "quiet",
]
