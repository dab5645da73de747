"""The Hub as `push` sees it: one repository, asked patiently."""

import os
from typing import Any

from smoltalk.hub_calls.asking import Asking, Say, endpoint


class Hub(Asking):
    """A Hub that is patient. The token is the library's own: HF_TOKEN, or what `hf auth login` stored."""

    def __init__(self, repo: str, kind: str = "dataset", say: Say = lambda line: None) -> None:
        """`repo` is the repository all calls are about, of this kind."""
        from huggingface_hub import HfApi
        from huggingface_hub.utils.tqdm import disable_progress_bars

        super().__init__(say)
        disable_progress_bars()
        self.endpoint = endpoint()
        self.about: dict[str, Any] = {"repo_id": repo, "repo_type": kind}
        self.url = f"{self.endpoint}/{'datasets/' if kind == 'dataset' else ''}{repo}"
        self.api = HfApi(endpoint=self.endpoint, library_name="smoltalk-factory")


def offline() -> bool:
    """Whether the libraries were told to ask nobody."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def logged_in() -> bool:
    """Whether the Hub's library finds a token."""
    from huggingface_hub import get_token

    return bool(get_token())
