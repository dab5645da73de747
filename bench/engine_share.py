"""How much of an engine's own speed reaches the dataset: tokens a second through a run, and of the engine alone."""

from collections.abc import Iterator

from bench.measured import measured, scratch
from bench.result import Result, compared


def results(quick: bool) -> Iterator[Result]:
    """Two-turn Magpie conversations and a rating by nano; the rival is the same engine with the same requests, bare."""
    rows, rounds = (2, 1) if quick else (800, 2)
    with scratch() as folder:
        figures = measured("conversations", rows, rounds, folder, folder=folder)
    rival = f"nano called bare, the same requests ({rows:,} rows)"
    yield compared("nano through `smoltalk run`", figures["run"], "tokens/s", rival, figures["bare"])
