"""The items of benchmarks themselves: what published methods compare with, and what the report shows beside a row."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from smoltalk.benchmarks import Item, Spec, folder, items_in, meant, spec
from smoltalk.benchmarks.hub import items_on_hub
from smoltalk.benchmarks.specs import spec_in
from smoltalk.errors import FactoryError, WorldError


def items_of(against: Sequence[str], method: str, beside: Path | None = None) -> dict[str, list[Item]]:
    """All items of benchmarks by name, spec file or file of items, from the files or from the Hub.

    Raises `UserError` for what cannot be read, `WorldError` where the Hub gives no items.
    """
    found: dict[str, list[Item]] = {}
    for one in against:
        if one.endswith(".jsonl"):
            found[Path(one).stem] = list(items_in(_path(one, beside)))
        elif one.endswith((".yaml", ".yml")):
            path = _path(one, beside)
            found[path.stem] = _from_hub(path.stem, spec_in(path), path, method)
        else:
            for name in meant(one):
                found[name] = _from_hub(name, spec(name), folder() / f"{name}.yaml", method)
    return found


def private_texts(against: Sequence[str], beside: Path | None = None) -> dict[str, dict[str, str]]:
    """Of files of items, the text of each item by its id: the user's own, so it may be shown."""
    texts: dict[str, dict[str, str]] = {}
    for one in against:
        if one.endswith(".jsonl"):
            listed = enumerate(items_in(_path(one, beside)))
            texts[Path(one).stem] = {item.id or str(number): text_of(item) for number, item in listed}
    return texts


def whereabouts(against: Sequence[str], beside: Path | None = None) -> dict[str, str]:
    """Where a person finds the items of each benchmark, in a line."""
    found: dict[str, str] = {}
    for one in against:
        if one.endswith(".jsonl"):
            found[Path(one).stem] = one
        elif one.endswith((".yaml", ".yml")):
            found[Path(one).stem] = _where(spec_in(_path(one, beside)))
        else:
            found |= {name: _where(spec(name)) for name in meant(one)}
    return found


def _where(of: Spec) -> str:
    config = of.config if isinstance(of.config, str) else ", ".join(of.config or ())
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


def _path(one: str, beside: Path | None) -> Path:
    path = Path(one).expanduser()
    return path if path.is_absolute() or beside is None else beside / path


def _from_hub(name: str, of: Spec, path: Path, method: str) -> list[Item]:
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
