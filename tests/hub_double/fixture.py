"""The fixture `hub`: a pretended Hub that this process and its children take for the real one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hub_double.server import HubDouble


@pytest.fixture
def hub(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubDouble]:
    """Empty, and the libraries' caches are empty too."""
    with pretended(tmp_path_factory.mktemp("hub"), monkeypatch) as double:
        yield double


@contextmanager
def pretended(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[HubDouble]:
    """The same in a folder, while `patch` lasts. The libraries read where the Hub is when they are imported."""
    import datasets.config
    import huggingface_hub.constants
    import huggingface_hub.hf_api

    with HubDouble(folder / "server").serving() as double:
        for name, value in {**double.environment(), "HF_HOME": str(folder / "home")}.items():
            patch.setenv(name, value)
        patch.setattr(datasets.config, "HF_ENDPOINT", double.url)
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "home" / "datasets")
        patch.setattr(huggingface_hub.constants, "ENDPOINT", double.url)
        patch.setattr(huggingface_hub.hf_api.api, "endpoint", double.url)
        template = f"{double.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        patch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        patch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder / "home" / "hub"))
        patch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        patch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(folder / "home" / "token"))
        yield double
