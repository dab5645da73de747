"""The vllm engine before it starts: its fields and vLLM's own options, its identity and its plan."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.document import Document
from smoltalk.engines.vllm import Vllm
from smoltalk.errors import UserError
from smoltalk.fields import fill


def mistakes(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(UserError) as caught:
        fill(Vllm, {"model": "m", **fields}, Document(""), (), "vllm")
    return [(p.sentence, p.hint) for p in caught.value.problems]


def test_a_misspelt_option_gets_a_hint() -> None:
    assert mistakes(tensor_paralel_size=4) == [
        ("no field `tensor_paralel_size` in `vllm`", "did you mean `tensor_parallel_size`?")
    ]


def test_a_misspelt_field_of_ours_gets_a_hint() -> None:
    assert mistakes(replica=4) == [("no field `replica` in `vllm`", "did you mean `replicas`?")]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"tensor_parallel_size": "four"}, "tensor_parallel_size: must be a whole number, not `four`"),
        ({"tensor_parallel_size": True}, "tensor_parallel_size: must be a whole number, not true"),
        ({"enforce_eager": 1}, "enforce_eager: must be true or false, not 1"),
        ({"speculative_config": [1]}, "speculative_config: must be a mapping, not a list"),
        ({"max_model_len": 1.5}, "max_model_len: must be a whole number or text, not 1.5"),
        ({"replicas": 0}, "replicas: must be a whole number greater than 0, not 0"),
        ({"port": 8000}, "port: a free port is found at every start"),
        ({"api_key": "k"}, "api_key: a random key is made for every server"),
    ],
)
def test_a_value_that_does_not_fit(fields: dict[str, Any], sentence: str) -> None:
    assert mistakes(**fields)[0][0] == sentence


def test_a_choice_that_is_none() -> None:
    [(sentence, hint)] = mistakes(dtype="float8")
    assert sentence.startswith("dtype: must be one of `auto`, `bfloat16`")
    assert hint == "did you mean `float`?" or hint.startswith("did you mean `float")


def test_sound_options_are_taken() -> None:
    fields = {"tensor_parallel_size": 4, "max_model_len": "32k", "speculative_config": {"method": "ngram"}}
    found = fill(Vllm, {"model": "m", **fields}, Document(""), (), "vllm")
    assert found.options == fields
    assert list(found.check()) == []


def test_editors_are_offered_the_options() -> None:
    schema = Vllm.model_json_schema()
    assert schema["properties"]["enable_prefix_caching"] == {"type": "boolean"}
    assert schema["additionalProperties"] is False
    assert "port" not in schema["properties"]


def test_server_options_make_no_sense_at_an_endpoint() -> None:
    model = Vllm(model="m", endpoint="http://gpu-1:8000/v1", max_model_len=8192, replicas=2)
    assert [sentence.split("`")[1] for sentence in model.check()] == ["max_model_len", "replicas"]


def test_a_length_that_is_none() -> None:
    [sentence] = Vllm(model="m", max_model_len="big").check()
    assert sentence == "`max_model_len: big` is no number of tokens: 8192, 32k, auto"
    assert not list(Vllm(model="m", max_model_len="auto").check())


def test_a_model_folder_that_is_not_there() -> None:
    assert list(Vllm(model="./no-such-model").check()) == ["there is no model folder ./no-such-model"]


@pytest.mark.parametrize(
    ("fields", "sentences"),
    [
        ({"lora_modules": ["tutor=/x", '{"name": "poet", "path": "/y"}'], "enable_lora": True, "lora": "poet"}, []),
        ({"lora_modules": "tutor=/x", "enable_lora": True, "lora": "tutor"}, []),
        ({"lora": "tutor"}, ["`lora: tutor` is none of `lora_modules`: which are not given"]),
        (
            {"lora_modules": ["tutor=/x"], "lora": "tuter"},
            ["`lora: tuter` is none of `lora_modules`: tutor", "`lora_modules` needs `enable_lora: true`"],
        ),
        ({"lora": "tutor", "endpoint": "http://gpu-1:8000"}, []),
    ],
)
def test_adapters(fields: dict[str, Any], sentences: list[str]) -> None:
    assert list(Vllm(model="m", **fields).check()) == sentences


@pytest.mark.parametrize(
    ("fields", "in_flight"),
    [
        ({}, 256), ({"replicas": 4}, 1024), ({"replicas": 2, "data_parallel_size": 4}, 2048),
        ({"replicas": 4, "max_in_flight": 32}, 32), ({"endpoint": ("http://a:1", "http://b:1")}, 512),
    ],
)  # fmt: skip
def test_every_copy_is_kept_busy(fields: dict[str, Any], in_flight: int) -> None:
    assert Vllm(model="m", **fields).max_in_flight == in_flight


def test_speed_is_no_part_of_the_identity() -> None:
    plain = Vllm(model="a/b").identity()
    assert Vllm(model="a/b", tensor_parallel_size=4, replicas=2, max_in_flight=9, hang_after=5).identity() == plain
    assert Vllm(model="a/b", endpoint="http://here:1/v1").identity() == plain
    others: list[dict[str, Any]] = [
        {"quantization": "fp8"},
        {"revision": "x"},
        {"lora": "l"},
        {"chat_template_kwargs": {"a": 1}},
    ]
    identities = [plain, *(Vllm(model="a/b", **other).identity() for other in others), Vllm(model="a/c").identity()]
    assert len({json.dumps(identity, sort_keys=True) for identity in identities}) == len(identities)


def test_a_folder_counts_by_its_contents(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = Vllm(model=str(tmp_path)).identity()
    (tmp_path / "config.json").write_text("{ }")
    assert Vllm(model=str(tmp_path)).identity() != before


def test_named_files_count_by_their_contents(tmp_path: Path) -> None:
    def identity(template: str, weights: str, folder: str) -> dict[str, Any]:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "adapter_model.safetensors").write_text(weights)
        (tmp_path / f"{folder}.jinja").write_text(template)
        return Vllm(
            model="a/b",
            chat_template=str(tmp_path / f"{folder}.jinja"),
            tokenizer=str(tmp_path / folder),
            lora_modules=[f"tutor={tmp_path / folder}"],
            enable_lora=True,
        ).identity()

    one = identity("t", "w", "here")
    assert one == identity("t", "w", "there")
    assert one["chat_template"] != identity("u", "w", "c")["chat_template"]
    assert one["lora_modules"] != identity("t", "v", "d")["lora_modules"]
    assert one["tokenizer"] != identity("t", "v", "e")["tokenizer"]
    assert Vllm(model="a/b", lora_modules="tutor=org/tutor").identity()["lora_modules"][0]["path"] == "org/tutor"


def test_the_plan_names_gpus_and_memory() -> None:
    model = Vllm(model="meta-llama/Llama-3.1-70B-Instruct", tensor_parallel_size=4, max_model_len=8192)
    assert model.plan() == (
        "vllm: meta-llama/Llama-3.1-70B-Instruct, 4 GPUs, about 38 GB on each (70B parameters, by its name), "
        "256 in flight"
    )
