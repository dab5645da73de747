"""What the steps of a pipeline say to models, as a section of the dataset card."""

from smoltalk.pipeline import Pipeline, Stock
from smoltalk.redaction import redact
from smoltalk.run.markdown import code, fence

_MOST = 40_000
"""Characters of prompts on a card; the rest is in the files they are from."""


def said_to_models(pipeline: Pipeline) -> str:
    """Each prompt once, under its name, folded; empty where none is sent."""
    prompts: dict[str, str] = {}
    for step in pipeline.steps:
        if not isinstance(step.part, Stock):
            # A file of one's own goes by its name: where it lies is this machine's business.
            prompts |= {name.rpartition("/")[2]: text for name, text in step.part.says().items()}
    parts, left = [], _MOST
    for name, text in prompts.items():
        if len(text) > left:
            parts.append(f"{code(name)} and what follows it are left out here: they are too long.")
            break
        left -= len(text)
        parts.append(f"{code(name)}\n\n{fence(redact(text.strip()), 'jinja')}")
    return "\n\n".join(parts)
