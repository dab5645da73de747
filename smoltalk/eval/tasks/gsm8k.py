"""Grade-school word problems: the test split of GSM8K, from the Hub at a pinned commit."""

from typing import Any

from pydantic import model_validator

from smoltalk.eval.tasks.exact import Exact

_HUB = "openai/gsm8k"


class Gsm8k(Exact):
    """The 1,319 problems of the test split (Cobbe et al. 2021, arXiv 2110.14168), asked without examples unless
    `shots` says: then the first of the train split stand before each. Where `data` names a copy, such as a file, the
    Hub's configuration, split and commit are not its."""

    data: str = _HUB
    config: str | None = "main"
    split: str | None = "test"
    revision: str | None = "740312add88f781978c0658806c59bc2815b9866"
    shots_from: str | None = "train"

    @model_validator(mode="before")
    @classmethod
    def _of_a_copy(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("data", _HUB) == _HUB:
            return given
        return {"config": None, "split": None, "revision": None, "shots_from": None, **given}
