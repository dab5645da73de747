"""The items of benchmarks themselves: what published methods compare with, and what the report shows beside a row."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from smoltalk.benchmarks import Item, Spec, items_in
from smoltalk.benchmarks.hub import items_on_hub
from smoltalk.benchmarks.items import names_of
from smoltalk.benchmarks.named import Named, named
from smoltalk.benchmarks.specs import spec_in
from smoltalk.errors import FactoryError, UserError, WorldError

_CONFIGS = 3
"""Configurations of a dataset that are named where a person is told of it."""


def items_of(against: Sequence[str], method: str, beside: Path | None = None) -> dict[str, list[Item]]:
    """All items of benchmarks by name, spec file or file of items, from the files or from the Hub.

    Raises `UserError` for what cannot be read and for two of one name, `WorldError` where the Hub gives no items.
    """
    found: dict[str, list[Item]] = {}
    for one in _named(against, beside):
        found[one.name] = list(items_in(one.items)) if one.items else _from_hub(one.name, one.spec, method)
    return found


def _named(against: Sequence[str], beside: Path | None) -> list[Named]:
    found, problems = named(against, beside)
    if problems:
        raise UserError(problems)
    return found


def private_texts(against: Sequence[str], beside: Path | None = None) -> dict[str, dict[str, str]]:
    """Of files of items, the text of each item by what it is called: the user's own, so it may be shown."""
    texts: dict[str, dict[str, str]] = {}
    for one in _named(against, beside):
        if one.items:
            items = list(items_in(one.items))
            texts[one.name] = dict(zip(names_of(items), map(text_of, items), strict=True))
    return texts


def whereabouts(against: Sequence[str], beside: Path | None = None) -> dict[str, str]:
    """Where a person finds the items of each benchmark, in a line."""
    return {one.name: str(one.items or _where(spec_in(one.spec))) for one in _named(against, beside)}


def _where(of: Spec) -> str:
    configs = (of.config,) if isinstance(of.config, str) else of.config or ()
    more = f" and {len(configs) - _CONFIGS:,} more" if len(configs) > _CONFIGS else ""
    config = ", ".join(configs[:_CONFIGS]) + more
    pinned = f" at {of.revision[:12]}" if of.revision else ""
    return f"{of.dataset}{f' ({config})' if config else ''}, {', '.join(of.splits)}{pinned}"


def text_of(item: Item) -> str:
    """An item as a person reads it: passage, question, lettered choices."""
    return "\n".join(_lines(item)).strip()


def _lines(item: Item) -> Iterator[str]:
    if item.passage:
        yield item.passage
    yield item.question
    for number, choice in enumerate(item.choices):
        yield f"({chr(65 + number % 26)}) {choice}"


def _from_hub(name: str, path: Path, method: str) -> list[Item]:
    of = spec_in(path)
    try:
        return items_on_hub(of, str(path))[0]
    except FactoryError as error:
        said = str(error).partition("\n")[0]
    except Exception as error:  # the libraries raise dozens of kinds, from the network up
        said = str(error).partition("\n")[0]
    raise WorldError(
        f"method {method} compares the text of items; of {name} only hashes are here, and the Hub gives none: {said}",
        command="--against ITEMS.jsonl with its items; or --method coverage, which needs no text",
    ) from None
