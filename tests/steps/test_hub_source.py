"""Hub: the same code against a local dataset folder."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smoltalk.errors import RowFailed, WorldError
from smoltalk.steps.hub import Hub

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    talk = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]
    table = pa.table({"n": [0, 1, 2, 3], "conversations": [talk, talk, None, talk]})
    pq.write_table(table, tmp_path / "train.parquet")
    return str(tmp_path)


def test_rows_stream_from_any_start(dataset: str) -> None:
    source = Hub(dataset=dataset, columns={"n": "n", "messages": "conversations"})
    assert source.writes() == {"n", "messages"}
    rows = list(source.rows())
    assert [r["n"] if isinstance(r, dict) else str(r) for r in rows] == [
        0,
        1,
        f"unreadable: {dataset} row 2 has no `conversations`",
        3,
    ]
    assert isinstance(rows[0], dict) and rows[0]["messages"][1] == {"role": "assistant", "content": "a"}
    assert [r["n"] for r in source.rows(3) if isinstance(r, dict)] == [3]
    assert [r["n"] for r in Hub(dataset=dataset, columns=["n"], limit=3).rows(1) if isinstance(r, dict)] == [1, 2]


def test_a_split_that_is_not_there_is_the_worlds_failure(dataset: str) -> None:
    with pytest.raises(WorldError, match="cannot be loaded"):
        list(Hub(dataset=dataset, columns=["n"], split="test").rows())


def test_check_needs_no_network() -> None:
    assert list(Hub(dataset="nobody/nothing", columns=["a"]).check()) == []
    assert not isinstance(Hub(dataset="nobody/nothing", columns=["a"]).fingerprint(), RowFailed)
