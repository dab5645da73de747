"""What is pushed is what is loaded: rows, features, splits and configurations, on branches and as pull requests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import get_dataset_config_names, load_dataset
from huggingface_hub import DatasetCard, HfApi

from tests.hub_double.server import HubDouble
from tests.publishing.conftest import LINES, ROWS, MakeRun, Said
from tests.run.published_runs import PAIRS, pair

Command = Callable[..., Said]
TALK = "acme/talk"


def run_rows(run: Path) -> Any:
    return load_dataset("parquet", data_dir=str(run / "data"), split="train")


def commits(hub: HubDouble, repo: str = TALK, revision: str = "main") -> list[str]:
    history = hub.store.repositories["dataset", repo].at(revision).history()
    return [one.title for one in history]


def files(hub: HubDouble, repo: str = TALK, revision: str = "main") -> set[str]:
    return set(hub.store.repositories["dataset", repo].at(revision).files)


def card(hub: HubDouble, repo: str = TALK, revision: str = "main") -> Any:
    found = hub.store.repositories["dataset", repo].at(revision).files["README.md"]
    return DatasetCard(hub.store.blob(found.git).read_text())


def test_a_pushed_run_loads_as_it_was(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    run = made()
    said = smoltalk("push", run, TALK)
    assert said.code == 0, said.err
    assert f"{hub.url}/datasets/acme/talk" in said.out
    assert "  README.md " in said.out
    loaded = load_dataset(TALK)
    assert list(loaded) == ["train"]
    assert loaded["train"].features == run_rows(run).features
    assert loaded["train"].to_list() == run_rows(run).to_list()
    assert hub.store.repositories["dataset", TALK].private
    assert commits(hub) == ["Push 30 rows as `default`", "initial commit"]


def test_what_is_in_the_repository(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    run = made()
    (run / "logs").mkdir()
    (run / "logs" / "engine.log").write_text("noise")
    (run / "report.html").unlink()
    assert smoltalk("push", run, TALK).code == 0
    about = {"pipeline.yaml", "ledger.json", "environment.json", "report.html", "manifest.json"}
    rows = {"README.md", "data/default/train-00000-of-00001.parquet"}
    assert files(hub) == {".gitattributes", *rows, *(f"run/default/{name}" for name in about)}
    stored = hub.store.repositories["dataset", TALK].at("main").files
    ledger = json.loads(hub.store.blob(stored["run/default/ledger.json"].git).read_bytes())
    assert (ledger["born"], ledger["accepted"], ledger["rejected"]) == (31, 30, 1)
    told = json.loads(hub.store.blob(stored["run/default/manifest.json"].git).read_bytes())
    shard = "data/default/train-00000-of-00001.parquet"
    assert told["files"][shard] == {"sha256": stored[shard].sha256, "size": stored[shard].size}
    assert told["rows"] == {"train": 30}


def test_the_same_content_makes_no_commit(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    run = made()
    assert smoltalk("push", run, TALK).code == 0
    before = len(hub.asked)
    again = smoltalk("push", run, TALK)
    assert again.code == 0
    assert "nothing has changed" in again.out
    assert len(commits(hub)) == 2
    assert not [one for one in hub.asked[before:] if one[0] in ("POST", "PUT")]


def test_a_changed_run_replaces_its_files_and_nothing_else(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    assert smoltalk("push", made(), TALK).code == 0
    api = HfApi(endpoint=hub.url)
    api.upload_file(path_or_fileobj=b"mine", path_in_repo="notes.txt", repo_id=TALK, repo_type="dataset")
    api.upload_file(path_or_fileobj=b"1", path_in_repo="data/default/old.parquet", repo_id=TALK, repo_type="dataset")
    assert smoltalk("push", made("second", ROWS[:7]), TALK).code == 0
    assert len(load_dataset(TALK, split="train")) == 7
    assert "notes.txt" in files(hub)
    assert "data/default/old.parquet" not in files(hub)


def test_several_configurations_live_in_one_repository(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    pairs = [pair(f"{i:016x}", f"Question {i}?", "good", "bad", margin=1.5) for i in range(12)]
    sft, dpo = made(), made("pairs", pairs, PAIRS)
    assert smoltalk("push", sft, TALK, "--config-name", "sft").code == 0
    assert smoltalk("push", dpo, TALK, "--config-name", "dpo").code == 0
    assert get_dataset_config_names(TALK) == ["dpo", "sft"]
    assert load_dataset(TALK, "dpo", split="train").to_list() == run_rows(dpo).to_list()
    assert load_dataset(TALK, "sft", split="train").to_list() == run_rows(sft).to_list()
    assert load_dataset(TALK, split="train").features == run_rows(sft).features, "the first one is the default"
    told = card(hub)
    assert [one["config_name"] for one in told.data.to_dict()["dataset_info"]] == ["dpo", "sft"]
    assert {"sft", "dpo", "preference"} <= set(told.data.tags)
    assert "# tiny-talk" in told.text.replace("\\", "")
    assert "# tiny-pairs" in told.text.replace("\\", "")
    for run, config in ((sft, "sft"), (dpo, "dpo")):
        assert "nothing has changed" in smoltalk("push", run, TALK, "--config-name", config).out


def test_one_without_a_name_beside_named_ones_is_refused(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    assert smoltalk("push", made(), TALK, "--config-name", "sft").code == 0
    said = smoltalk("push", made("second", ROWS[:7]), TALK)
    assert said.code == 2
    assert "holds `sft`" in said.err
    assert "--config-name NAME" in said.err
    assert len(commits(hub)) == 2


def test_what_people_write_on_the_card_stays(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    assert smoltalk("push", made(), TALK).code == 0
    edited = card(hub)
    edited.data.tags.append("by-hand")
    edited.text = "\n# Read this first\n" + edited.text + "\n## Thanks\n"
    HfApi(endpoint=hub.url).upload_file(
        path_or_fileobj=str(edited).encode(), path_in_repo="README.md", repo_id=TALK, repo_type="dataset"
    )
    assert "nothing has changed" in smoltalk("push", made("same"), TALK).out
    assert smoltalk("push", made("second", ROWS[:7]), TALK).code == 0
    now = card(hub)
    assert "by-hand" in now.data.tags
    assert "# Read this first" in now.text
    assert "## Thanks" in now.text
    assert now.text.count("## The ledger") == 1
    assert "\n7 rows" in now.text


def test_a_branch_leaves_main_alone(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    said = smoltalk("push", made(), TALK, "--branch", "try", "--tag", "v1")
    assert said.code == 0, said.err
    assert f"{hub.url}/datasets/acme/talk/tree/try" in said.out
    assert commits(hub) == ["initial commit"]
    assert len(load_dataset(TALK, revision="try", split="train")) == 30
    assert len(load_dataset(TALK, revision="v1", split="train")) == 30
    moved = smoltalk("push", made("second", ROWS[:7]), TALK, "--branch", "try", "--tag", "v1")
    assert moved.code == 2
    assert "the tag v1 of acme/talk names another commit" in moved.err and "nothing was sent" in moved.err


def test_a_tag_that_is_taken_is_told_before_anything_is_sent(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    run = made()
    assert smoltalk("push", run, TALK, "--tag", "v1").code == 0
    assert smoltalk("push", run, TALK, "--tag", "v1").code == 0, "it names this very commit"
    before = len(hub.asked)
    assert smoltalk("push", made("second", ROWS[:7]), TALK, "--tag", "v1", "--branch", "new").code == 2
    assert not [one for one in hub.asked[before:] if one[0] in ("POST", "PUT")]
    assert len(load_dataset(TALK, split="train")) == 30


def test_a_pull_request_proposes_and_is_not_opened_twice(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    run = made()
    said = smoltalk("push", run, TALK, "--pr")
    assert said.code == 0, said.err
    assert f"{hub.url}/datasets/acme/talk/discussions/1" in said.out
    assert commits(hub) == ["initial commit"]
    assert len(load_dataset(TALK, revision="refs/pr/1", split="train")) == 30
    again = smoltalk("push", run, TALK, "--pr")
    assert "nothing has changed" in again.out
    assert "discussions/1" in again.out
    assert len(hub.store.repositories["dataset", TALK].pulls) == 1


def test_a_private_dataset_needs_a_token(
    hub: HubDouble, made: MakeRun, smoltalk: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert smoltalk("push", made(), TALK).code == 0
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(Exception, match="doesn't exist on the Hub"):
        load_dataset(TALK)


def test_public_is_said(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    run = made()
    assert smoltalk("push", run, TALK, "--public").code == 0
    assert not hub.store.repositories["dataset", TALK].private
    said = smoltalk("push", made("second", ROWS[:7]), TALK)
    assert said.code == 2
    assert "acme/talk is public" in said.err
    assert len(commits(hub)) == 2


def test_the_folder_is_what_would_be_pushed(hub: HubDouble, made: MakeRun, smoltalk: Command, tmp_path: Path) -> None:
    run, mirror = made(), tmp_path / "mirror"
    said = smoltalk("push", run, TALK, "--to", mirror)
    assert said.code == 0, said.err
    assert not hub.asked
    assert "  README.md " in said.out
    assert load_dataset(str(mirror), split="train").to_list() == run_rows(run).to_list()
    assert smoltalk("push", run, TALK).code == 0
    stored = hub.store.repositories["dataset", TALK].at("main").files
    written = {path.relative_to(mirror).as_posix(): path for path in mirror.rglob("*") if path.is_file()}
    assert set(written) == set(stored) - {".gitattributes"}
    assert all(path.read_bytes() == hub.store.blob(stored[name].blob).read_bytes() for name, path in written.items())


def test_a_folder_takes_several_configurations(made: MakeRun, smoltalk: Command, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    assert smoltalk("push", made(), "--to", mirror, "--config-name", "all").code == 0
    assert smoltalk("push", made("second", ROWS[:7]), "--to", mirror, "--config-name", "few").code == 0
    assert len(load_dataset(str(mirror), "few", split="train")) == 7
    assert len(load_dataset(str(mirror), split="train")) == 30
    assert smoltalk("push", made("third", ROWS[:3]), "--to", mirror, "--config-name", "few").code == 0
    assert len(load_dataset(str(mirror), "few", split="train")) == 3


def test_pages_of_a_large_tree_are_all_read(hub: HubDouble, made: MakeRun, smoltalk: Command) -> None:
    hub.page = 3
    assert smoltalk("push", made(), TALK).code == 0
    assert "nothing has changed" in smoltalk("push", made("same", LINES), TALK).out
