"""A dataset on a Hub that fails, that is not there or not ours: asked again, or told so that one knows what to do."""

import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from smoltalk.decontamination.hub import OnHub
from smoltalk.errors import WorldError
from tests.hub_double.fixture import hub as hub
from tests.hub_double.server import HubDouble

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
"""The Hub's library uploads in a way that its HTTP library is leaving."""

TALK = "acme/talk"
ASKED = "/api/datasets/acme/talk(/revision/main)?$"


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


@pytest.fixture
def filled(hub: HubDouble) -> HubDouble:
    """With a private dataset of three rows."""
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b", "c"]}), sink)
    api = HfApi(endpoint=hub.url)
    api.create_repo(TALK, repo_type="dataset", private=True)
    data = [CommitOperationAdd("data/train-00000-of-00001.parquet", sink.getvalue())]
    api.create_commit(TALK, data, commit_message="data", repo_type="dataset")
    return hub


def texts(data: OnHub) -> list[str]:
    return list(_texts(data.pinned(None)))


def _texts(data: OnHub) -> Iterator[str]:
    for part in data.parts(lambda number: False):
        for block in part.read():
            yield from block.table.column("text").to_pylist()


@pytest.mark.parametrize("path", [ASKED, "/revision/[0-9a-f]{40}"])
def test_what_passes_is_asked_again(
    filled: HubDouble, waits: list[float], caplog: pytest.LogCaptureFixture, path: str
) -> None:
    filled.fail("GET", path, times=2, status=503)
    assert texts(OnHub(TALK)) == ["a", "b", "c"]
    assert "the Hub answers 503: asking again in 2 s" in caplog.text


def test_a_wait_that_is_too_long_is_told(filled: HubDouble, waits: list[float]) -> None:
    filled.fail("GET", ASKED, status=429, headers={"Retry-After": "900"})
    with pytest.raises(WorldError, match=r"asked too much: it wants to be asked for acme/talk again in 900 s"):
        texts(OnHub(TALK))
    assert not waits


def test_a_hub_that_is_not_well_is_named_so(filled: HubDouble) -> None:
    filled.fail("GET", ASKED, times=99, status=503)
    with pytest.raises(WorldError, match=r"^the Hub is not well: it answers 503 when asked for acme/talk"):
        texts(OnHub(TALK))


def test_a_revision_that_is_not_there_is_named(filled: HubDouble) -> None:
    with pytest.raises(WorldError, match=r"^acme/talk has no revision `v9` on the Hub"):
        texts(OnHub(TALK, revision="v9"))


@pytest.mark.parametrize("token", ["", "hf_wrong"])
def test_who_has_no_token_is_told_of_tokens(filled: HubDouble, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(WorldError, match="or it is not yours to see") as told:
        texts(OnHub(TALK))
    assert "HF_TOKEN" in told.value.command
    assert "hf_wrong" not in str(told.value)


def test_a_split_that_is_not_there_is_told_with_those_that_are(filled: HubDouble) -> None:
    with pytest.raises(WorldError, match=r"cannot be loaded: .*tset.*train"):
        texts(OnHub(TALK, split="tset"))
