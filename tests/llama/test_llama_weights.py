"""A model folder that is not whole, or no plain Llama, is refused in a sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import smoltalk.nano
from smoltalk.errors import WorldError
from smoltalk.llama.folder import fingerprint, missing_files, read_shape
from smoltalk.llama.forward import Llama
from smoltalk.llama.vocabulary import Vocabulary
from smoltalk.llama.weights import read_tensors

MODEL = Path(smoltalk.nano.__file__).parent / "model"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL, tmp_path / "model"))


def edit_config(folder: Path, **fields: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def cut(name: str, size: int) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:size])

    return damage


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (cut("model.safetensors", 100_000), "is cut short"),
        (cut("model.safetensors", 50), "is not a safetensors file"),
        (cut("model.safetensors", 0), "is not a safetensors file"),
        (lambda folder: (folder / "model.safetensors").unlink(), "is missing"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
        (lambda folder: edit_config(folder, hidden_size=128), "does not fit config.json"),
        (lambda folder: edit_config(folder, num_hidden_layers=7), "does not fit config.json"),
        (lambda folder: edit_config(folder, model_type="qwen2", attention_bias=True), "model_type, attention_bias"),
        (lambda folder: edit_config(folder, rope_parameters={"rope_type": "llama3"}), "differs in rope_type"),
        (lambda folder: edit_config(folder, vocab_size="many"), "lacks a number"),
    ],
)
def test_a_damaged_folder_is_refused(folder: Path, damage: Callable[[Path], None], sentence: str) -> None:
    damage(folder)
    with pytest.raises(WorldError, match=sentence) as caught:
        Llama(folder)
    assert str(folder) in str(caught.value)


def test_a_cut_tokenizer_is_refused(folder: Path) -> None:
    cut("tokenizer.json", 1000)(folder)
    with pytest.raises(WorldError, match=r"tokenizer\.json cannot be read"):
        Vocabulary(folder)


def test_missing_files_are_named(folder: Path) -> None:
    assert missing_files(folder) == []
    (folder / "config.json").unlink()
    assert missing_files(folder) == ["config.json"]


def test_older_configs_name_rope_theta_at_the_top(folder: Path) -> None:
    edit_config(folder, rope_parameters=None, rope_theta=5000.0)
    assert read_shape(folder).rope_theta == 5000.0


def test_dtypes_are_widened_exactly(tmp_path: Path) -> None:
    values = np.array([1.0, -2.5, 0.15625, 3.0], np.float32)
    parts = {"BF16": (values.view("<u4") >> 16).astype("<u2"), "F16": values.astype("<f2"), "F32": values}
    header, data = {}, b""
    for name, part in parts.items():
        header[name] = {"dtype": name, "shape": [2, 2], "data_offsets": [len(data), len(data) + part.nbytes]}
        data += part.tobytes()
    written = json.dumps(header).encode()
    (tmp_path / "x.safetensors").write_bytes(len(written).to_bytes(8, "little") + written + data)
    for name, tensor in read_tensors(tmp_path / "x.safetensors").items():
        assert tensor.dtype == np.float32
        assert np.array_equal(tensor, values.reshape(2, 2)), name


def test_the_fingerprint_follows_the_weights(folder: Path) -> None:
    before = fingerprint(folder)
    assert before == fingerprint(MODEL)
    raw = bytearray((folder / "model.safetensors").read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / "model.safetensors").write_bytes(raw)
    assert fingerprint(folder) != before
