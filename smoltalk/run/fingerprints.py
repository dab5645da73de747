"""Names for what a step does, so that an edited step asks anew and everything else is replayed.

A step's fingerprint covers its own fields, the engines it asks, and the fingerprints of the steps that write what it
reads: a Merkle tree over columns. Batch sizes and in-flight limits are not part of it, nor is what the source says:
that is in each row's id, and a reply counts for the row of that id alone.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from smoltalk.pipeline import Pipeline, Stock
from smoltalk.pipeline.labels import labelled_gates, labelled_steps
from smoltalk.pipeline.model import AnyStep


def fingerprints(pipeline: Pipeline) -> dict[str, str]:
    """Step label -> 12 hex digits; `source`, `attempts` and `gates` name those parts of the pipeline."""
    source = pipeline.source.part
    born = [source.path, source.fields] if isinstance(source, Stock) else source.fingerprint()
    found = {"source": _digest([pipeline.name, pipeline.seed, born])}
    written_by: dict[str, str] = {}
    for label, step in labelled_steps(pipeline):
        above = sorted({written_by[c] for c in step.reads() if c in written_by})
        asked = [pipeline.engines[name].part for name in pipeline.asked(step.engines())]
        engines, kinds = [engine.identity() for engine in asked], [type(engine).__name__ for engine in asked]
        found[label] = _digest([_identity(step), engines, kinds, [pipeline.seed, *(found[a] for a in above)]])
        written_by.update(dict.fromkeys(step.writes(), label))
    found["attempts"] = _digest([getattr(step, "attempts", None) for _, step in labelled_steps(pipeline)])
    found["gates"] = _digest([[label, gate.identity()] for label, gate in labelled_gates(pipeline)])
    return found


def of_text(pipeline: Pipeline) -> str:
    """12 hex digits of the YAML as it stands, comments included: whether a file is the one that was run."""
    return _digest(pipeline.text)


def _identity(step: AnyStep) -> Any:
    if isinstance(step, Stock):
        return [step.path, step.fields]
    return [f"{type(step).__module__}.{type(step).__qualname__}", step.identity()]


def _digest(value: Any) -> str:
    return hashlib.blake2b(json.dumps(value, sort_keys=True, default=str).encode(), digest_size=6).hexdigest()


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Labels that are new or differ, and labels that are gone, in the order of the new pipeline."""
    return [label for label in new if old.get(label) != new[label]] + [label for label in old if label not in new]
