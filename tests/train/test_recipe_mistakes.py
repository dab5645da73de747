"""A recipe's mistakes: all at once, each at its line, without torch."""

import subprocess
import sys
from pathlib import Path

import pytest

from smoltalk.errors import UserError
from smoltalk.train.configured import told as words_of
from smoltalk.train.recipe import read
from smoltalk.train.trl_keys import TRACKERS, Kind

BAD = """\
model_name_or_path: nano
learning_rte: 1.0e-3
warmup_ratio: 0.1
beta: 0.1
optim: adamw_torch_fusedd
packing: 3
data: {files: rows.jsonl, held_ot: 4}
"""


def told(kind: Kind, path: Path, settings: dict[str, str] | None = None) -> str:
    with pytest.raises(UserError) as error:
        read(kind, path, settings)
    return str(error.value).replace(str(path), "recipe.yaml")


def test_all_mistakes_by_line(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(BAD)
    assert told("sft", path) == (
        "recipe.yaml:2  no key `learning_rte` in TRL's SFTConfig\n"
        "    did you mean `learning_rate`?\n"
        "recipe.yaml:3  no key `warmup_ratio` in TRL's SFTConfig\n"
        "    `warmup_steps` below 1 is a share of all steps: `warmup_steps: 0.1`\n"
        "recipe.yaml:4  no key `beta` in TRL's SFTConfig\n"
        "    it is of another trainer: smoltalk train dpo\n"
        "recipe.yaml:5  optim: there is no `adamw_torch_fusedd`\n"
        "    did you mean `adamw_torch_fused`?\n"
        "recipe.yaml:6  packing: must be true or false, not 3\n"
        "recipe.yaml:7  no field `held_ot` in `data`\n"
        "    did you mean `held_out`?"
    )


def test_a_recipe_needs_a_model_and_rows(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("learning_rate: 1.0e-3\n")
    said = told("sft", path)
    assert "names no model" in said
    assert "names no rows to train on" in said


def test_rows_are_named_once(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("model_name_or_path: nano\ndataset_name: a/b\ndatasets: [{path: a/b}]\n")
    assert "recipe.yaml:2  has `dataset_name` and `datasets`" in told("sft", path)


@pytest.mark.parametrize(
    ("one", "hint"),
    [("{id: a/b}", "it is `path` now"), ("{path: a/b, weight: 0.5}", "takes the first half"), ("[a]", "is a mapping")],
)
def test_a_dataset_of_trl_is_looked_into(tmp_path: Path, one: str, hint: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(f"model_name_or_path: nano\ndatasets: [{one}]\n")
    assert hint in told("sft", path)


def test_what_is_set_is_a_key_as_well(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("model_name_or_path: nano\ndata: {hub: a/b}\n")
    assert "--set lr=3  no key `lr`" in told("sft", path, {"lr": "3"})
    assert read("sft", path, {"learning_rate": "3", "data.held_out": "7"}).given["learning_rate"] == 3


def test_one_word_says_where_the_rows_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "recipe.yaml"
    path.write_text("model_name_or_path: nano\ndata: org/name\n")
    found = read("sft", path).ours.data
    assert found is not None and found.hub == "org/name"
    path.write_text("model_name_or_path: nano\ndata: rows.jsonl\n")
    assert "there is no `rows.jsonl`" in told("sft", path)


def test_rows_are_not_streamed_past_the_checks(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("model_name_or_path: nano\ndataset_name: a/b\ndataset_streaming: true\n")
    assert "recipe.yaml:3  dataset_streaming: every row is looked at" in told("sft", path)


def test_a_model_is_pushed_with_its_books(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("model_name_or_path: nano\ndata: {hub: a/b}\npush_to_hub: true\noutput_dir: models/mine\n")
    assert "recipe.yaml:3  push_to_hub: TRL would publish without" in told("sft", path)
    assert "smoltalk push models/mine OWNER/NAME" in told("sft", path)


def test_a_token_is_no_part_of_a_recipe(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("model_name_or_path: nano\ndata: {hub: a/b}\nhub_token: hf_abcdefabcdefabcdef\n")
    assert "recipe.yaml:3  hub_token: a token is kept out of recipes" in told("sft", path)
    path.write_text("model_name_or_path: nano\ndata: {hub: a/b}\n")
    with pytest.raises(UserError) as error:
        read("sft", path, {"hub_token": "hf_abcdefabcdefabcdef"})
    assert "--set hub_token=(redacted)  hub_token: a token" in str(error.value)


def test_what_trl_says_late_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("model_name_or_path: nano\ndata: {hub: a/b}\nreport_to: tensorbord\nbf16: true\nfp16: true\n")
    said = told("sft", path)
    assert "recipe.yaml:3  report_to: there is no `tensorbord`" in said and "did you mean `tensorboard`?" in said
    assert "recipe.yaml:5  fp16: TRL trains in one of fp16 and bf16" in said
    path.write_text("model_name_or_path: nano\ndata: {hub: a/b}\nreport_to: [wandb, none, trackio]\n")
    assert read("sft", path).given["report_to"] == ["wandb", "none", "trackio"]


def test_trackers_are_those_of_transformers() -> None:
    integrations = pytest.importorskip("transformers.integrations.integration_utils")
    assert {*TRACKERS} == {"all", "none", *integrations.INTEGRATION_TO_CALLBACK}


def test_words_of_trl_stand_at_the_key_or_the_value_they_name(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("model_name_or_path: nano\ndata: {hub: a/b}\npacking: true\nrun_name: linearly\n")
    recipe = read("sft", path)
    assert "recipe.yaml:3  TRL: packing is" in str(words_of(recipe, "packing is not for linearly"))
    assert "recipe.yaml:4  TRL: linearly is" in str(words_of(recipe, "linearly is no schedule"))
    assert "recipe.yaml:1  TRL: nonsense" in str(words_of(recipe, "nonsense"))


def test_a_recipe_is_read_without_torch(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("model_name_or_path: nano\ndata: {hub: a/b}\nlearning_rate: 1.0e-3\n")
    program = (
        "import sys; from pathlib import Path; from smoltalk.train.recipe import read; "
        f"read('sft', Path({str(path)!r})); "
        "print({'torch', 'trl', 'transformers', 'datasets', 'pyarrow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("line", "must"),
    [
        ("per_device_train_batch_size: 0", "at least 1, not 0"),
        ("gradient_accumulation_steps: -2", "at least 1, not -2"),
        ("max_length: -5", "at least 1, not -5"),
        ("num_train_epochs: 0", "above 0, not 0"),
        ("learning_rate: -1.0e-3", "at least 0, not -0.001"),
        ("learning_rate: .nan", "at least 0, not nan"),
        ("max_length: 1", ""),
        ("max_length: null", ""),
        ("num_train_epochs: 0.5", ""),
    ],
)
def test_numbers_that_are_too_small(tmp_path: Path, line: str, must: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(f"model_name_or_path: nano\n{line}\npacking: 3\ndataset_name: a/b\n")
    said = told("sft", path)
    assert "recipe.yaml:3  packing: must be true or false" in said
    name = line.partition(":")[0]
    assert (f"recipe.yaml:2  {name}: must be {must}" in said) if must else ("recipe.yaml:2" not in said)
