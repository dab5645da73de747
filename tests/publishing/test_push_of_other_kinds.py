"""Runs of every kind go the same way: mixtures with splits, pairs of answers, conversations with function calls."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from huggingface_hub import DatasetCard

from tests.hub_double.server import HubDouble
from tests.publishing.conftest import MakeRun, Said
from tests.run.published_runs import turns

Command = Callable[..., Said]

MIX = """\
name: two-files
licence: mit
mix:
  sources:
    sums: {{files: sums.jsonl, licence: mit}}
    tales: {{files: tales.jsonl{licence}}}
  splits: {{train: 0.8, test: 0.2}}
gates:
  - decontaminate: {{against: [gsm8k]}}
"""


@pytest.fixture
def mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, smoltalk: Command) -> Callable[[str], Path]:
    """Mixes two files; the second has the licence that is given."""
    monkeypatch.chdir(tmp_path)
    for name in ("sums", "tales"):
        rows = [{"messages": turns(f"{name} {i}: what comes then?", f"The answer is {i}.")} for i in range(60)]
        Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def make(licence: str) -> Path:
        Path("mix.yaml").write_text(MIX.format(licence=licence))
        said = smoltalk("mix", "mix.yaml", "--out", "mixed")
        assert said.code == 0, said.err
        Path("mixed", "report.html").write_text("<p>made before</p>")
        return Path("mixed")

    return make


def test_a_mixture_keeps_its_splits(hub: HubDouble, mix: Callable[[str], Path], smoltalk: Command) -> None:
    run = mix(", licence: mit")
    said = smoltalk("push", run, "acme/mixed")
    assert said.code == 0, said.err
    loaded = load_dataset("acme/mixed")
    assert list(loaded) == ["train", "test"]
    for split in loaded:
        here = load_dataset("parquet", data_files=str(run / "data" / f"{split}-*.parquet"), split="train")
        assert loaded[split].to_list() == here.to_list()
        assert loaded[split].features == here.features
    assert sum(loaded.num_rows.values()) == 120


def test_what_was_pushed_is_the_same_set_in_all_splits(
    hub: HubDouble, mix: Callable[[str], Path], smoltalk: Command
) -> None:
    run = mix(", licence: mit")
    assert smoltalk("push", run, "acme/mixed").code == 0
    whole = json.loads(smoltalk("diff", run, "acme/mixed", "--json").out)
    assert (whole["same"], whole["added"], whole["removed"], whole["changed"]) == (120, 0, 0, 0)
    part = json.loads(smoltalk("diff", run, "acme/mixed", "--split", "test", "--json").out)
    assert 0 < part["same"] < 60 and (part["added"], part["removed"]) == (0, 0)


def test_lost_files_are_written_again_by_the_command_that_push_names(
    mix: Callable[[str], Path], smoltalk: Command
) -> None:
    run = mix(", licence: mit")
    (run / "data" / "test-00000.parquet").unlink()
    said = smoltalk("push", run, "--to", "out")
    assert said.code == 2 and f"write the files again: smoltalk run {run}" in said.err
    again = smoltalk("run", run)
    assert again.code == 0 and "files of it were lost or damaged: they are written again" in again.out
    assert smoltalk("push", run, "--to", "out").code == 0


def test_a_source_without_licence_is_not_published(mix: Callable[[str], Path], smoltalk: Command) -> None:
    run = mix("")
    said = smoltalk("push", run, "--to", "out")
    assert said.code == 2
    assert "mixes the source `tales`, whose licence nobody stated" in said.err
    assert "`sums`" not in said.err
    assert smoltalk("push", run, "--to", "out", "--allow", "unlicensed").code == 0


@pytest.mark.parametrize(
    ("second", "header", "said"),
    [
        ("MIT", {"license": "mit"}, "- This dataset: mit"),
        ("cc-by-4.0", {"license": "other", "license_name": "that-of-each-source"}, "of each part its own"),
    ],
)
def test_a_mixture_may_leave_its_licence_to_its_sources(
    hub: HubDouble, mix: Callable[[str], Path], smoltalk: Command, monkeypatch: pytest.MonkeyPatch,
    second: str, header: dict[str, str], said: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(f"{__name__}.MIX", MIX.replace("licence: mit\nmix", "mix"))
    run = mix(f", licence: {second}")
    done = smoltalk("push", run, "acme/mixed")
    assert done.code == 0, done.err
    text = (run / "README.md").read_text()
    data: Any = DatasetCard(text).data
    found = data.to_dict()
    assert {name: found[name] for name in found if name.startswith("license")} == header
    assert said in text


def test_function_calls_go_along(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    called = [
        {"role": "user", "content": "How warm is it in Oslo?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {"city": "Oslo"}}}],
        },
        {"role": "tool", "content": "12 degrees", "name": "weather"},
        {"role": "assistant", "content": "It is 12 degrees."},
    ]
    columns = json.dumps({"id": "a" * 16, "source": "given", "messages": called, "topic": "x", "score": 1.0})
    run = made(lines=[("a" * 16, "accepted", "", "", "{}", columns)])
    said = smoltalk("push", run, "acme/calls")
    assert said.code == 0, said.err
    loaded = load_dataset("acme/calls", split="train")
    here = load_dataset("parquet", data_dir=str(run / "data"), split="train")
    assert loaded.features == here.features
    assert loaded.to_list() == here.to_list()
    assert loaded[0]["messages"][1]["tool_calls"][0]["function"]["arguments"] == {"city": "Oslo"}
