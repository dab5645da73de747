"""The door to distilabel: imports it once, and takes back what it does to the process.

distilabel 1.5.3 installs rich tracebacks that print local variables (secrets among them), and an old pydantic idiom of
it warns at import.
"""

import logging
import sys
import warnings

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
logging.getLogger("distilabel").setLevel(logging.ERROR)

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
]
