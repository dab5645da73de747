"""Items of a benchmark from the Hub, of the commit its spec pins."""

import logging
import os
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from smoltalk.benchmarks.items import Item
from smoltalk.benchmarks.specs import Spec
from smoltalk.errors import FactoryError, Problem, UserError, WorldError

_READERS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}


def items_on_hub(chosen: Spec, path: str) -> tuple[list[Item], str]:
    """The items, in the order of configurations and splits or of files, and where they are from.

    `path` is the spec's, for problems. Raises `UserError` where the dataset is not what the spec says (the pinned
    commit is gone, the rows are another number, the example is not among them), `WorldError` where the Hub does not
    answer.
    """
    reachable(chosen.dataset)
    revision = chosen.revision or _head(chosen)
    items = list(chosen.items(_rows(chosen, revision, path)))
    if chosen.rows not in (None, len(items)):
        why = f"has {len(items):,} rows, the spec says {chosen.rows:,}: it has moved and is not used"
        raise _moved(chosen, path, why)
    if not holds_example(chosen, items):
        raise _moved(chosen, path, "does not hold the spec's example: it has moved, or `question` names a wrong column")
    return items, f"{chosen.dataset}@{revision}"


def reachable(dataset: str) -> None:
    """Raises `WorldError` at once where there is no network: the libraries ask again for half a minute.

    A proxy, or `HF_HUB_OFFLINE` (the libraries' caches only), is theirs to deal with. Their retries are not told.
    """
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    if os.environ.get("HF_HUB_OFFLINE") or urllib.request.getproxies():
        return
    host = urllib.parse.urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co").hostname
    try:
        socket.getaddrinfo(host, None)
    except OSError as error:
        said = f"no network: {host} cannot be found, so {dataset} cannot be read from the Hub"
        raise WorldError(said, "", "the same command, with a network; or name a file of your own") from error


def holds_example(chosen: Spec, items: Sequence[Item]) -> bool:
    """Whether the spec's example is one of these items: their letters and digits count."""
    example = _squeezed(chosen.example or "")
    return not example or any(example in _squeezed(item.stem) for item in items)


def _squeezed(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _rows(chosen: Spec, revision: str, path: str) -> Iterator[dict[str, Any]]:
    from datasets import load_dataset

    configs = chosen.config if isinstance(chosen.config, tuple) else (chosen.config,)
    try:
        for file in chosen.files:
            reader = _READERS.get(PurePosixPath(file).suffix, "json")
            yield from load_dataset(
                reader, data_files=f"hf://datasets/{chosen.dataset}@{revision}/{file}", split="train"
            )
        for config in configs if not chosen.files else ():
            for split in chosen.splits:
                yield from load_dataset(chosen.dataset, config, split=split, revision=revision)
    except FactoryError:
        raise
    except Exception as error:  # the libraries raise dozens of kinds, from the network up
        raise _unread(chosen, revision, path, error) from None


def head_of(dataset: str, revision: str | None = None) -> str:
    """The commit that a branch or tag names now. Raises what the library raises."""
    from huggingface_hub import dataset_info

    return str(dataset_info(dataset, revision=revision).sha)


def _head(chosen: Spec) -> str:
    """The commit that the Hub has now, for a spec that pins none."""
    try:
        return head_of(chosen.dataset)
    except Exception as error:  # as above; httpx's are no `OSError`
        raise _unread(chosen, "main", "", error) from None


def _unread(chosen: Spec, revision: str, path: str, error: Exception) -> UserError | WorldError:
    """Told by name, for `huggingface_hub` and `datasets` wrap each other's errors."""
    first = str(error).strip().partition("\n")[0]
    names = {type(one).__name__ for one in (error, error.__cause__, error.__context__)}
    if "RevisionNotFoundError" in names or "Invalid rev id" in str(error):
        return _moved(chosen, path, f"has no commit {revision} any more: it has moved and is not used")
    if {"GatedRepoError", "DatasetNotFoundError", "RepositoryNotFoundError"} & names:
        hint = f"accept its terms on https://huggingface.co/datasets/{chosen.dataset} and log in: hf auth login"
        return UserError([Problem(path, 0, f"{chosen.dataset} is not open to you: {first}", hint)])
    if isinstance(error, ValueError):
        return UserError([Problem(path, 0, f"{chosen.dataset} cannot be read as the spec says: {first}")])
    return WorldError(f"{chosen.dataset} cannot be read from the Hub: {first}", "", "the same command, when it answers")


def _moved(chosen: Spec, path: str, why: str) -> UserError:
    hint = "look what changed there, then correct the spec, or build from a file of your own: --from ITEMS.jsonl"
    return UserError([Problem(path, 0, f"{chosen.dataset} {why}", hint)])
