"""A model's folder is read as transformers reads it, its tokens known by id; the Hub gives just the small files."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.chat_format import ChatFormat, first_token_bias
from smoltalk.chat_format import hub as hub_files
from smoltalk.errors import WorldError
from smoltalk.rows import Message

NANO = Path(__file__).parents[2] / "smoltalk" / "nano" / "model"
TALK: list[Message] = [
    {"role": "user", "content": "Hi. <b>&</b>"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "And é?"},
]


@pytest.fixture
def folder(tmp_path: Path, make: Any) -> Any:
    """Writes a family's model folder with a small tokenizer that knows its control tokens."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    def write(family: str) -> Path:
        chat = make(family)
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        words = ["#", "##", "**", "Ġ#", "Ġ**", "*", "What", "ĠWhat", "Ċ#"]
        tokens = dict.fromkeys([*alphabet, *words])
        tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=[]))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        named = {*chat.special_tokens.values(), *chat.stops("user"), *chat.stops("assistant")}
        tokenizer.add_special_tokens([AddedToken(name, special=True) for name in sorted(named)])
        tokenizer.add_tokens([AddedToken("<think>", special=False)])
        tokenizer.save(str(tmp_path / "tokenizer.json"))
        config = {**chat.special_tokens, "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64}
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
        (tmp_path / "chat_template.jinja").write_text(make.template(family))
        return tmp_path

    return write


def test_renders_as_transformers_does(make: Any, folder: Any, family: str) -> None:
    transformers = pytest.importorskip("transformers")
    place = folder(family)
    theirs = transformers.PreTrainedTokenizerFast.from_pretrained(place)
    ours = ChatFormat.of_folder(place)
    assert ours.prompt(TALK, "assistant") == theirs.apply_chat_template(
        TALK, tokenize=False, add_generation_prompt=True
    )
    assert ours.whole(TALK[:2]) == theirs.apply_chat_template(TALK[:2], tokenize=False)


def test_stops_are_known_by_id(folder: Any) -> None:
    place = folder("gemma2")
    _also_control(place, {900: "<start_of_turn>", 901: "<unused7>"})
    (place / "generation_config.json").write_text(json.dumps({"eos_token_id": [901, 902]}))
    chat = ChatFormat.of_folder(place)
    assert list(chat.faults()) == []
    assert chat.stops("user") == ("<end_of_turn>", "<start_of_turn>", "<eos>", "<unused7>")
    assert chat.stop_ids("user") == (chat.control["<end_of_turn>"], 900, chat.control["<eos>"], 901, 902)
    assert "<think>" not in chat.control


def test_control_tokens_of_the_tokenizer_are_text_in_a_turn(folder: Any) -> None:
    place = folder("gemma2")
    _also_control(place, {900: "<unused7>"})
    text = ChatFormat.of_folder(place).prompt([{"role": "user", "content": "<unused7> <eos> <b>"}], "assistant")
    assert "< unused7> < eos> <b>" in text


def _also_control(place: Path, tokens: dict[int, str]) -> None:
    described = json.loads((place / "tokenizer.json").read_text())
    first = described["added_tokens"][0]
    described["added_tokens"] += [first | {"id": key, "content": token} for key, token in tokens.items()]
    (place / "tokenizer.json").write_text(json.dumps(described))


def test_the_shipped_model() -> None:
    chat = ChatFormat.of_folder(NANO)
    assert list(chat.faults()) == []
    assert chat.prompt([], "user") == "<|im_start|>user\n"
    assert chat.stops("user")[0] == "<|im_end|>" and chat.stop_ids("user")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("chat_template.json", {"chat_template": "OLD"}),
        ("tokenizer_config.json", {"chat_template": "OLD", "eos_token": {"content": "<e>"}}),
        (
            "tokenizer_config.json",
            {"chat_template": [{"name": "rag", "template": "-"}, {"name": "default", "template": "OLD"}]},
        ),
    ],
)
def test_templates_in_older_places(tmp_path: Path, name: str, content: dict[str, Any]) -> None:
    (tmp_path / name).write_text(json.dumps(content))
    assert ChatFormat.of_folder(tmp_path).template.text == "OLD"
    (tmp_path / "chat_template.jinja").write_text("NEW")
    assert ChatFormat.of_folder(tmp_path).template.text == "NEW"


def test_tokens_of_older_tokenizers(tmp_path: Path) -> None:
    decoder = {"5": {"content": "</s>", "special": True}, "6": {"content": "  ", "special": False}}
    config = {"chat_template": "x", "eos_token": {"content": "</s>"}, "added_tokens_decoder": decoder}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    chat = ChatFormat.of_folder(tmp_path)
    assert chat.control == {"</s>": 5} and chat.special_tokens == {"eos_token": "</s>"}
    (tmp_path / "special_tokens_map.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "old"}))
    assert ChatFormat.of_folder(tmp_path).special_tokens == {"bos_token": "<s>", "eos_token": "</s>"}


def test_broken_folders_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="no chat template: is it a base model"):
        ChatFormat.of_folder(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(WorldError, match="cannot be read"):
        ChatFormat.of_folder(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text("[]")
    with pytest.raises(WorldError, match="not a JSON object"):
        ChatFormat.of_folder(tmp_path)


def test_only_small_files_are_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked: list[Any] = []

    def download(model: str, revision: str | None, allow_patterns: list[str], **_: Any) -> str:
        asked.append((model, revision, allow_patterns))
        return str(NANO)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert ChatFormat.of_hub("owner/model", "main").prompt([], "user") == "<|im_start|>user\n"
    [(model, revision, patterns)] = asked
    assert (model, revision) == ("owner/model", "main")
    assert "tokenizer.json" in patterns and not any("safetensors" in name or "*" in name for name in patterns)
    assert ChatFormat.of_hub(str(NANO)).template.text and len(asked) == 1, "a folder is read where it is"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("RepositoryNotFoundError", "there is no model owner/model"),
        ("GatedRepoError", "gated: accept its terms"),
        ("RevisionNotFoundError", "has no revision x"),
        ("LocalEntryNotFoundError", "the Hub cannot be reached"),
        ("OfflineModeIsEnabled", "the Hub cannot be reached"),
        ("HFValidationError", "neither a folder here nor a name on the Hub"),
    ],
)
def test_what_the_hub_says_is_what_to_do(monkeypatch: pytest.MonkeyPatch, error: str, sentence: str) -> None:
    import huggingface_hub
    from huggingface_hub import errors

    made = getattr(errors, error)
    raised = made.__new__(made)

    def download(*args: Any, **options: Any) -> str:
        raise raised

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with pytest.raises(WorldError, match=sentence):
        hub_files.fetch("owner/model", "x", ["tokenizer.json"])


def test_first_tokens_to_forbid(folder: Any) -> None:
    from tokenizers import Tokenizer

    place = folder("qwen2")
    vocabulary = Tokenizer.from_file(str(place / "tokenizer.json")).get_vocab()
    bias = first_token_bias(place, ["#", "**"])
    names = {name for name, key in vocabulary.items() if key in bias}
    assert names == {"#", "##", "Ġ#", "Ċ#", "**", "Ġ**"} and set(bias.values()) == {-100.0}
    assert first_token_bias(place, []) == {} == first_token_bias(place, [""])
    assert first_token_bias(place, ["<|im_end|>"]) == {}, "control tokens are not text"


def test_first_tokens_of_the_shipped_model_are_those_nano_forbids() -> None:
    from smoltalk.llama.vocabulary import Vocabulary

    starts = ("#", "**", "W")
    assert sorted(first_token_bias(NANO, starts)) == sorted(Vocabulary(NANO).starting_with(starts).tolist())


def test_without_a_tokenizer_no_first_token_can_be_forbidden(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="forbid_first"):
        first_token_bias(tmp_path, ["#"])
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(WorldError, match="cannot be read"):
        first_token_bias(tmp_path, ["#"])
