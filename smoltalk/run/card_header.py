"""The YAML at the head of a dataset card, in the Hub's words (hf.co/docs/hub/datasets-cards)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from smoltalk import licences
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.language import codes
from smoltalk.run.ledger import Books

OF_EACH = "that-of-each-source"
"""What the Hub calls the licence of a mixture whose parts have several; the card lists them."""
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
_TAGS = {"sft": ("sft",), "dpo": ("dpo", "preference")}


def header(
    pipeline: Pipeline, books: Books, splits: Mapping[str, int], parts: Sequence[str | None] = ()
) -> dict[str, Any]:
    """The YAML between the `---` lines, in the Hub's words (hf.co/docs/hub/datasets-cards). `parts` are the licences of
    a mixture's sources."""
    size = next((label for limit, label in _SIZES if books.accepted < limit), "10M<n<100M")
    languages = codes(pipeline.language)
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]
    datasets = _datasets(pipeline)
    made = ["machine-generated"] if pipeline.engines else ["found"]
    return {
        **_licence(pipeline, parts),
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


def _licence(pipeline: Pipeline, parts: Sequence[str | None]) -> dict[str, str]:
    """The pipeline's, or where it states none that of all parts of a mixture; what the Hub does not know is `other`."""
    licence = pipeline.licence or licences.of_all(parts)
    if not licence:
        return {"license": "unknown"}
    if not pipeline.licence and licence == "other":
        return {"license": "other", "license_name": OF_EACH}
    name = licences.identifier(licence)
    return {"license": name} if name in licences.KNOWN else {"license": "other", "license_name": name or "other"}
