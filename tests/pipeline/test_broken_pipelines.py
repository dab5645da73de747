"""Every mistake in `broken/NN_what.yaml` gets exactly the text of `broken/NN_what.txt`.

After a deliberate change of wording: `REGENERATE=1 pytest tests/pipeline`, then read the diff.
"""

import os
from pathlib import Path

import pytest

from smoltalk.errors import UserError
from smoltalk.pipeline import load

BROKEN = Path(__file__).parent / "broken"


@pytest.mark.parametrize("name", sorted(p.stem for p in BROKEN.glob("*.yaml")))
def test_broken_pipeline_is_told_what_is_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    with pytest.raises(UserError) as caught:
        load(f"{name}.yaml")
    golden = BROKEN / f"{name}.txt"
    if os.environ.get("REGENERATE"):
        golden.write_text(f"{caught.value}\n", encoding="utf-8")
    assert f"{caught.value}\n" == golden.read_text(encoding="utf-8")


def test_the_example_in_the_docs_has_five_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN.parent.parent.parent)
    with pytest.raises(UserError) as caught:
        load("docs/broken-example.yaml")
    golden = BROKEN.parent / "broken-example.txt"
    if os.environ.get("REGENERATE"):
        golden.write_text(f"{caught.value}\n", encoding="utf-8")
    assert f"{caught.value}\n" == golden.read_text(encoding="utf-8")
    assert len(caught.value.problems) == 5


def test_there_are_enough_of_them() -> None:
    assert len(list(BROKEN.glob("*.yaml"))) >= 25
