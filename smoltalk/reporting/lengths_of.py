"""Distributions of lengths, and of tokens on a sample where a tokenizer is known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

import numpy as np

from smoltalk.errors import WorldError
from smoltalk.pipeline import Pipeline
from smoltalk.pipeline.mixes import mixture
from smoltalk.reporting.figures import Lengths
from smoltalk.reporting.measuring import Measured
from smoltalk.reporting.sampled import Row
from smoltalk.reporting.tallies import LengthTally

Unit = Literal["tokens", "words", "characters", "turns"]

_ORDER = ("row", "turns", "system", "user", "assistant", "tool", "prompt", "chosen", "rejected")
_UNITS = ("turns", "words", "characters")
_COUNTED = 5_000
"""Rows of the sample whose tokens are counted."""


def lengths(found: Measured) -> list[Lengths]:
    """All lengths that were measured on every row."""
    keys = sorted(found.lengths, key=lambda key: (_ORDER.index(key[0]), _UNITS.index(key[1])))
    return [of_tally(what, cast("Unit", unit), found.lengths[what, unit]) for what, unit in keys if found.rows]


def of_tally(what: str, unit: Unit, tally: LengthTally, *, estimated: bool = False) -> Lengths:
    """A tally as it is shown."""
    rows = tally.rows
    return Lengths(
        what=what,
        unit=unit,
        rows=rows,
        total=tally.total,
        mean=tally.total / rows if rows else 0.0,
        median=tally.quantile(0.5),
        p5=tally.quantile(0.05),
        p95=tally.quantile(0.95),
        longest=tally.longest,
        histogram=tally.histogram(linear=unit == "turns"),
        estimated=estimated,
    )


def tokens(pipeline: Pipeline, sample: Sequence[Row], rows: int) -> tuple[list[Lengths], str]:
    """Tokens a row, of a sample, and a sentence on what counted them, or why words stand in."""
    name = tokenizer(pipeline)
    if not sample:
        return [], "There are no rows to measure."
    if not name:
        return [], (
            "No tokenizer is named in the pipeline, so lengths are words: those that decontamination and "
            "de-duplication compare, a character each in scripts without spaces."
        )
    from smoltalk.chat_format.counting import TokenCounter

    try:
        counter = TokenCounter.named(name)
    except WorldError as error:
        return [], f"Lengths are words: the tokenizer `{name}` could not be had ({error.sentence})."
    whole = [row for row in sample if not row.turns_left_out and not any(cut for *_, cut in row.turns)][:_COUNTED]
    tally = LengthTally()
    chosen = [[(_role(speaker), text) for speaker, text, _ in row.turns if speaker != "rejected"] for row in whole]
    tally.add(np.array(counter.count(chosen), np.int64))
    note = (
        f"Tokens are counted with the tokenizer of `{name}` and its chat template, on {len(whole):,} of {rows:,} rows"
    )
    left = len(sample[:_COUNTED]) - len(whole)
    return [of_tally("row", "tokens", tally, estimated=len(whole) < rows)], note + (
        f"; {left:,} that are longer than 24,000 characters are left out." if left > 0 else "."
    )


def tokenizer(pipeline: Pipeline) -> str:
    """The tokenizer that a pipeline names, itself or through the engine that writes; "" for none at hand."""
    if (mixed := mixture(pipeline)) is not None:
        return mixed.mix.tokenizer or ""
    for placed in pipeline.engines.values():
        model = getattr(placed.part, "model", None)
        if placed.part.kind == "completes" and isinstance(model, str) and (Path(model) / "tokenizer.json").is_file():
            return model
        if type(placed.part).__name__ == "Nano":
            return "nano"
    return ""


def _role(speaker: str) -> str:
    return "assistant" if speaker == "chosen" else speaker
