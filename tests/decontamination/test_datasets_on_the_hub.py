"""A dataset of the Hub, read from a pretended one: rows are named by their number, and a second call goes on."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from tests.decontamination.conftest import LAMPS, PLAIN, Call, rows
from tests.hub_double.fixture import hub as hub
from tests.hub_double.server import HubDouble

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def test_rows_of_a_hub_dataset_go_by_their_number(call: Call, hub: HubDouble) -> None:
    held = [7, 4_096, 4_097, 9_000]
    texts = [LAMPS if number in held else PLAIN for number in range(1, 9_001)]
    api, sink = HfApi(endpoint=hub.url), io.BytesIO()
    pq.write_table(pa.table({"text": texts}), sink)
    api.create_repo("acme/bakers", repo_type="dataset")
    operations = [CommitOperationAdd("data/train-00000-of-00001.parquet", sink.getvalue())]
    commit = api.create_commit("acme/bakers", operations, commit_message="data", repo_type="dataset").oid
    for _ in range(2):
        said = call("acme/bakers")
        assert said.code == 0, said.err
    assert [row["contamination"][0]["source"] for row in rows("contaminated")] == [f"acme/bakers:{n}" for n in held]
    told = json.loads(Path("out/summary.json").read_text())
    assert (told["rows"], told["contaminated"], told["broken_text"], told["data"][-1]) == (9_000, 4, 0, commit)
    assert "3 parts of an earlier call kept" in said.out
