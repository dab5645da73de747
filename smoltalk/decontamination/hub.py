"""A dataset on the Hugging Face Hub in parts, streamed: nothing is downloaded whole."""

import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from smoltalk.benchmarks.hub import reachable
from smoltalk.decontamination.lines import Block
from smoltalk.decontamination.parts import Part
from smoltalk.decontamination.places import one_by_one
from smoltalk.errors import WorldError
from smoltalk.hub_calls.asking import Asking
from smoltalk.hub_calls.unread import unread

T = TypeVar("T")

_ROWS = 4_096


@dataclass(frozen=True, slots=True)
class OnHub:
    """One split of a dataset."""

    dataset: str
    config: str | None = None
    split: str = "train"
    revision: str | None = None
    commit: str | None = None
    """The one that is read, once `pinned` has asked."""
    size: int = 0
    """Bytes: not known."""

    def identity(self) -> list[str | None]:
        """What, when changed, makes these other rows."""
        return [self.dataset, self.config, self.split, self.revision, self.commit]

    def pinned(self, before: object) -> "OnHub":
        """The same at one commit, so that all parts are of the same rows whenever they are read: that of an earlier
        call, whose `identity` is `before`, or the one that the Hub has now. Raises `WorldError`."""
        asked = self.identity()[:-1]
        if isinstance(before, list) and before[:-1] == asked and isinstance(before[-1], str):
            return replace(self, commit=before[-1])
        return replace(self, commit=self._head())

    def _head(self) -> str | None:
        """The commit of the revision; None where only what is cached may be read."""
        if os.environ.get("HF_HUB_OFFLINE"):
            return None
        from huggingface_hub import dataset_info

        return self._asked(lambda: dataset_info(self.dataset, revision=self.revision).sha)

    def every_split(self) -> "list[OnHub]":
        """The same dataset, once for each of its splits. Raises `WorldError`."""
        from datasets import get_dataset_split_names  # more than a second

        said: dict[str, Any] = {"revision": self.commit or self.revision}
        names = self._asked(lambda: get_dataset_split_names(self.dataset, self.config, **said))
        return [replace(self, split=name) for name in names]

    def _asked(self, call: Callable[[], T]) -> T:
        reachable(f"{self.dataset}, which is no file here,")
        try:
            return Asking().ask(call)
        except Exception as error:  # the libraries raise dozens of kinds, from the network up
            raise unread(error, self.dataset, self.revision) from error

    def parts(self, done: Callable[[int], bool]) -> Iterator[Part]:
        """Parts of 4,096 rows; the first ones that are `done` are skipped. Raises `WorldError`."""
        number = 0
        while done(number):
            yield Part(number, self.dataset, 0, lambda: iter(()))
            number += 1
        try:
            for table in self._open().skip(number * _ROWS).with_format("arrow").iter(batch_size=_ROWS):
                block = Block(table, [], 0, one_by_one(number * _ROWS + 1))
                yield Part(number, self.dataset, 0, partial(iter, (block,)))
                number += 1
        except WorldError:
            raise
        except Exception as error:  # network, decoding, a loader's bug: the next call goes on from this part
            raise WorldError(f"dataset {self.dataset} broke off at row {number * _ROWS:,}: {error}") from error

    def _open(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what imports warn about is not the user's business
            from datasets import load_dataset  # more than a second

            said: dict[str, Any] = {"split": self.split, "revision": self.commit or self.revision, "streaming": True}
            return self._asked(lambda: load_dataset(self.dataset, self.config, **said))
