"""The YAML at the head of a dataset card, in the Hub's words (hf.co/docs/hub/datasets-cards)."""

import re
from collections.abc import Mapping
from typing import Any

from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.language import codes
from smoltalk.run.ledger import Books

_LICENCES = (
    "apache-2.0 mit openrail bsd bsd-2-clause bsd-3-clause cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 "
    "cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 "
    "cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 odc-by "
    "odbl pddl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 agpl-3.0 mpl-2.0 unlicense wtfpl artistic-2.0 eupl-1.1 isc "
    "bigscience-bloom-rail-1.0 bigcode-openrail-m llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 gemma unknown "
    "other"
)
"""Identifiers the Hub knows; any other licence is `other` with a name (hf.co/docs/hub/repositories-licenses)."""

_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
_TAGS = {"sft": ("sft",), "dpo": ("dpo", "preference")}


def header(pipeline: Pipeline, books: Books, splits: Mapping[str, int]) -> dict[str, Any]:
    """The YAML between the `---` lines, in the Hub's words (hf.co/docs/hub/datasets-cards)."""
    size = next((label for limit, label in _SIZES if books.accepted < limit), "10M<n<100M")
    languages = codes(pipeline.language)
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]
    datasets = _datasets(pipeline)
    made = ["machine-generated"] if pipeline.engines else ["found"]
    return {
        **_licence(pipeline.licence),
        **({"language": languages} if languages else {}),
        "pretty_name": re.sub(r"[-_]+", " ", pipeline.name).title(),
        "size_categories": [size],
        "task_categories": ["text-generation"],
        "annotations_creators": made if pipeline.engines else ["no-annotation"],
        "language_creators": [*made],
        **({"source_datasets": datasets} if datasets else {}),
        "tags": [
            *(["synthetic"] if pipeline.engines else []), *_TAGS[pipeline.makes], "conversational", "smoltalk-factory",
            *(["mixture"] if pipeline.mixes else ["distilabel"]),
        ],
        "configs": [{"config_name": "default", "data_files": files}],
    }  # fmt: skip


def _datasets(pipeline: Pipeline) -> list[str]:
    """Ids of the Hub's datasets that rows are from."""
    dataset = getattr(pipeline.source.part, "dataset", None)
    mixed = getattr(pipeline.source.part, "sources", {}) if pipeline.mixes else {}
    return [dataset] if isinstance(dataset, str) else [*dict.fromkeys(one.hub for one in mixed.values() if one.hub)]


def _licence(licence: str | None) -> dict[str, str]:
    if not licence:
        return {"license": "unknown"}
    name = re.sub(r"[^a-z0-9.]+", "-", licence.lower()).strip("-")
    return {"license": name} if name in _LICENCES.split() else {"license": "other", "license_name": name or "other"}
