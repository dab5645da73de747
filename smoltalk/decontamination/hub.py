"""A dataset on the Hugging Face Hub in parts, streamed: nothing is downloaded whole."""

import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from smoltalk.decontamination.lines import Block
from smoltalk.decontamination.parts import Part
from smoltalk.errors import WorldError

_ROWS = 4_096


@dataclass(frozen=True, slots=True)
class OnHub:
    """One split of a dataset."""

    dataset: str
    config: str | None = None
    split: str = "train"
    revision: str | None = None
    size: int = 0
    """Bytes: not known."""

    def identity(self) -> list[str | None]:
        """What, when changed, makes these other rows."""
        return [self.dataset, self.config, self.split, self.revision]

    def parts(self, done: Callable[[int], bool]) -> Iterator[Part]:
        """Parts of 4,096 rows; the first ones that are `done` are skipped. Raises `WorldError`."""
        number = 0
        while done(number):
            yield Part(number, self.dataset, 0, lambda: iter(()))
            number += 1
        try:
            for table in self._open().skip(number * _ROWS).with_format("arrow").iter(batch_size=_ROWS):
                yield Part(number, self.dataset, 0, lambda table=table: iter([Block(table, [], 0)]))  # type: ignore[misc]
                number += 1
        except WorldError:
            raise
        except Exception as error:  # network, decoding, a loader's bug: the next call goes on from this part
            raise WorldError(f"dataset {self.dataset} broke off at row {number * _ROWS:,}: {error}") from error

    def _open(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what imports warn about is not the user's business
            logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # nor is each retry; how it ends is said
            from datasets import load_dataset  # more than a second

            try:
                return load_dataset(self.dataset, self.config, split=self.split, revision=self.revision, streaming=True)
            except Exception as error:  # the library raises dozens of kinds, from the network up
                said = str(error).partition("\n")[0]
                raise WorldError(
                    f"{self.dataset} is no file here, and as a dataset on the Hub it cannot be loaded: {said}"
                ) from error
