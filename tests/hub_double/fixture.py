"""The fixture `hub`: a pretended Hub that this process and its children take for the real one."""

from collections.abc import Iterator

import pytest

from tests.hub_double.server import HubDouble


@pytest.fixture
def hub(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubDouble]:
    """Empty, and the libraries' caches are empty too. They read where the Hub is when they are imported."""
    import datasets.config
    import huggingface_hub.constants
    import huggingface_hub.hf_api

    folder = tmp_path_factory.mktemp("hub")
    with HubDouble(folder / "server").serving() as double:
        for name, value in {**double.environment(), "HF_HOME": str(folder / "home")}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(datasets.config, "HF_ENDPOINT", double.url)
        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "home" / "datasets")
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", double.url)
        monkeypatch.setattr(huggingface_hub.hf_api.api, "endpoint", double.url)
        template = f"{double.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder / "home" / "hub"))
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(folder / "home" / "token"))
        yield double
