"""HuggingFaceTB/smoltalk as it lies on the Hub, but small and made up, and the tokenizer of SmolLM2-1.7B-Instruct.

Of the true set: the layout of the repository, the names of configurations and splits, how many files a split is in, the
columns and their order in a turn, the library's notes in the Parquet files, and what a conversation of each part looks
like (who speaks, in which order, what a call or a system turn is written as). Which columns stand beside `messages` is
known of two parts; the others are taken to have none.
"""

import io
import itertools
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from smoltalk import nano
from tests.hub_double.server import HubDouble
from tests.hub_double.store import Repository, Stored

DATASET, MODEL = "HuggingFaceTB/smoltalk", "HuggingFaceTB/SmolLM2-1.7B-Instruct"
SHARDS = {"smol-magpie-ultra": 6, "all": 9}
"""Files of a part's train split; of others one."""
BESIDE = {
    "smol-magpie-ultra": {
        "category": pa.string(), "difficulty": pa.string(), "quality": pa.string(), "reward_model_score": pa.float64(),
        "conversation_tokens": pa.int64(),
    },
    "everyday-conversations": {"full_topic": pa.string()},
    "all": {"source": pa.string()},
}  # fmt: skip
"""Columns beside `messages`."""
_MESSAGES = pa.list_(pa.struct([("content", pa.string()), ("role", pa.string())]))
_PARTS = [a + b for a in "bdfgklmnprst" for b in ("a", "e", "i", "o", "u", "al", "en", "ir", "os", "um")]
_WORDS = [a + b for a in _PARTS for b in _PARTS]
_TEMPLATE = Path(__file__).parents[1] / "chat_format" / "families" / "smollm2.jinja"

Row = dict[str, Any]


class Maker:
    """Words that no benchmark has, the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self.draw = random.Random(seed)

    def words(self, many: int) -> str:
        return " ".join(self.draw.choices(_WORDS, k=many))

    def row(self, part: str) -> Row:
        """A row as the part has them."""
        return _ROWS[part](self)


def talk(*said: str | None, system: str = "", **more: Any) -> Row:
    """A row: a system turn where there is one, then user and assistant in turn."""
    first = [{"content": system, "role": "system"}] if system else []
    spoken = zip(said, itertools.cycle(("user", "assistant")), strict=False)
    return {"messages": first + [{"content": text, "role": role} for text, role in spoken], **more}


def _magpie(make: Maker) -> Row:
    turns = [make.words(30 + 30 * (turn % 2)) for turn in range(6)]
    score, category = make.draw.uniform(0.05, 0.25), make.draw.choice(["math", "coding", "editing"])
    return talk(
        *turns, category=category, difficulty="easy", quality="good", reward_model_score=score, conversation_tokens=700
    )


def _everyday(make: Maker) -> Row:
    said = [make.words(9) for _ in range(6)]
    topic = f"Travel/{make.words(2)}/{make.words(2)}"
    return talk("Hi", "Hello! How can I help you today?", *said, full_topic=topic)


def _calls(make: Maker) -> Row:
    name, value = make.words(1), make.words(1)
    properties = {make.words(1): {"type": "str", "description": make.words(8)} for _ in range(3)}
    tools = [{"name": name, "description": make.words(15), "parameters": properties}]
    shape = '<tool_call>[\n{"name": "f", "arguments": {"a": "b"}},\n... (more of them)\n]</tool_call>'
    system = f"You are handed a question and functions.\n<tools>{json.dumps(tools)}</tools>\nAnswer like this:\n{shape}"
    called = [{"name": name, "arguments": {next(iter(properties)): value}}]
    return talk(f"{make.words(14)} {value}?", f"<tool_call>{json.dumps(called)}</tool_call>", system=system)


def _maths(make: Maker) -> Row:
    a, b = make.draw.randrange(1000), make.draw.randrange(1000)
    asked = f"Let \\( x \\) be a {make.words(12)}. Find \\( {a}x + {b} \\)."
    return talk(asked, f"{make.words(40)}\n\\[\n{a} + {b} = \\boxed{{{a + b}}}\n\\]\nThe answer is: {a + b}")


def _code(make: Maker) -> Row:
    name = make.words(1)
    code = f"def {name}(x: int) -> int:\n    # {make.words(15)}\n    return x * {make.draw.randrange(99)}"
    return talk(f"Write a Python function `{name}` that {make.words(20)}.", f"```python\n{code}\n```\n{make.words(20)}")


def _with_system(system: str, asked: int, answered: int) -> Callable[[Maker], Row]:
    return lambda make: talk(make.words(asked), make.words(answered), system=system)


def _chat(make: Maker) -> Row:
    return talk(*(make.words(20) for _ in range(4)), system=f"You are {make.words(25)}.")


def _exchange(asked: int, answered: int) -> Callable[[Maker], Row]:
    return lambda make: talk(make.words(asked), make.words(answered))


_ROWS: Mapping[str, Callable[[Maker], Row]] = {
    "smol-magpie-ultra": _magpie,
    "smol-constraints": _exchange(40, 60),
    "smol-rewrite": _with_system("Make the text shorter, and change nothing else.", 60, 40),
    "smol-summarize": _with_system("Say in up to three sentences what the text says.", 120, 20),
    "everyday-conversations": _everyday,
    "apigen-80k": _calls,
    "numina-cot-100k": _maths,
    "metamathqa-50k": _maths,
    "self-oss-instruct": _code,
    "systemchats-30k": _chat,
    "explore-instruct-rewriting": _exchange(35, 25),
    "openhermes-100k": _exchange(30, 50),
    "longalign": _exchange(2500, 60),
}


# ---------------------------------------------------------------- on the Hub


def put_dataset(hub: HubDouble, revision: str, train: Mapping[str, Sequence[Row]]) -> None:
    """The set at a commit of this name, and a later one in which nothing is as it was. Its test splits and `all`, which
    no one asks for, and the later commit hold the word `unasked`."""
    where = hub.store.made("dataset", DATASET, False, "HuggingFaceTB")
    unasked = [talk("unasked", "unasked") for _ in range(5)]
    files = {"README.md": _card([*train, "all"]).encode()}
    for part, rows in {**train, "all": unasked}.items():
        files |= {
            f"data/{part}/.gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n",
            f"data/{part}/test-00000-of-00001.parquet": parquet(part, unasked),
        }
        many = SHARDS.get(part, 1)
        for shard in range(many):
            some = rows[len(rows) * shard // many : len(rows) * (shard + 1) // many]
            files[f"data/{part}/train-{shard:05}-of-{many:05}.parquet"] = parquet(part, some)
    _commit(hub, where, files, revision)
    later = {path: parquet(path.split("/")[1], unasked) for path in files if path.endswith(".parquet")}
    _commit(hub, where, later, None)


def put_tokenizer(hub: HubDouble) -> None:
    """SmolLM2's files with its template; the words are those of the tokenizer that ships."""
    where = hub.store.made("model", MODEL, False, "HuggingFaceTB")
    tokenizer = (Path(nano.__file__).parent / "model" / "tokenizer.json").read_bytes()
    config = {
        "bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "pad_token": "<|im_end|>", "unk_token": "<|endoftext|>",
        "model_max_length": 8192, "tokenizer_class": "GPT2Tokenizer", "chat_template": _TEMPLATE.read_text(),
    }  # fmt: skip
    files = {"tokenizer.json": tokenizer, "tokenizer_config.json": json.dumps(config).encode()}
    _commit(hub, where, {**files, "model.safetensors": b"weights, which no one asks for"}, None)


def parquet(part: str, rows: Sequence[Row]) -> bytes:
    """As `datasets` 3.1 wrote it, with its features in the schema."""
    beside = BESIDE.get(part, {})
    turn = {name: {"dtype": "string", "_type": "Value"} for name in ("content", "role")}
    features: dict[str, Any] = {"messages": [turn]}
    features |= {
        name: {"dtype": str(kind).replace("double", "float64"), "_type": "Value"} for name, kind in beside.items()
    }
    notes = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = pa.schema([("messages", _MESSAGES), *beside.items()], metadata=notes)
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema), sink, row_group_size=1000)
    return sink.getvalue()


def _card(parts: Sequence[str]) -> str:
    lines = ["---", "language:", "- en", "tags:", "- synthetic", "pretty_name: SmolTalk", "configs:"]
    for part in parts:
        lines += [f"- config_name: {part}", "  data_files:"]
        for split in ("train", "test"):
            lines += [f"  - split: {split}", f"    path: data/{part}/{split}-*"]
    return "\n".join([*lines, "---", "# SmolTalk", ""])


def _commit(hub: HubDouble, where: Repository, files: Mapping[str, bytes], name: str | None) -> None:
    """On top of the last one; of this name where one is given."""
    head = where.at("main")
    stored = head.files | {path: _stored(hub, path, data) for path, data in files.items()}
    made = hub.store.commit(where, head, stored, "Upload folder using huggingface_hub", "", "HuggingFaceTB")
    if name:
        made = where.commits[name] = replace(where.commits.pop(made.name), name=name)
    where.refs["refs/heads/main"] = made.name


def _stored(hub: HubDouble, path: str, data: bytes) -> Stored:
    if not path.endswith((".parquet", ".safetensors")):
        return hub.store.kept(data)
    name = sha256(data).hexdigest()
    hub.store.blob(name).write_bytes(data)
    return hub.store.large(name)
