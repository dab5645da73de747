"""Grade-school word problems: the test split of GSM8K, from the Hub at a pinned commit."""

from smoltalk.eval.tasks.exact import Exact


class Gsm8k(Exact):
    """The 1,319 problems of the test split (Cobbe et al. 2021, arXiv 2110.14168), asked without examples unless
    `shots` says: then the first of the train split stand before each."""

    data: str = "openai/gsm8k"
    config: str | None = "main"
    split: str | None = "test"
    revision: str | None = "740312add88f781978c0658806c59bc2815b9866"
    shots_from: str | None = "train"
