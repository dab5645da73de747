"""Asks the installed TRL which keys its configs take: `python -m smoltalk.train.trl_listing` writes `trl_keys.json`.

Reading a recipe must not import torch, so the list ships; a test holds it to the TRL that is installed.
"""

import dataclasses
import enum
import json
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LISTED = Path(__file__).with_name("trl_keys.json")
_PLAIN = {bool: "bool", int: "int", float: "float", str: "str", type(None): "null", dict: "dict", list: "list"}


def listing() -> dict[str, Any]:
    """What ships: the versions of TRL and of transformers, whose keys TRL's configs take too; for each kind of trainer
    and for what all share, key to forms and choices."""
    import transformers
    import trl
    from trl.scripts.utils import DatasetConfig

    kinds = {"sft": trl.SFTConfig, "dpo": trl.DPOConfig, "reward": trl.RewardConfig}
    shared = (trl.ScriptArguments, trl.ModelConfig, trl.DatasetMixtureConfig)
    return {
        "version": trl.__version__,
        "transformers": transformers.__version__,
        "kinds": {kind: dict(_keys(cls)) for kind, cls in kinds.items()},
        "shared": {name: form for cls in shared for name, form in _keys(cls)},
        "datasets": dict(_keys(DatasetConfig)),
    }


def _keys(cls: Any) -> Iterator[tuple[str, dict[str, list[str]]]]:
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        if not field.init:
            continue
        forms = sorted(set(_forms(hints[field.name])))
        choices = [str(one) for one in field.metadata.get("choices") or ()] or sorted(set(_choices(hints[field.name])))
        yield field.name, {"forms": forms, **({"choices": choices} if choices else {})}


def _forms(hint: Any) -> Iterator[str]:
    """Which YAML values an annotation takes."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        for one in typing.get_args(hint):
            yield from _forms(one)
    elif origin is typing.Literal:
        yield from (_PLAIN[type(one)] for one in typing.get_args(hint))
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        yield "str"
    else:
        yield _PLAIN.get(origin or hint, "dict")


def _choices(hint: Any) -> Iterator[str]:
    """Words that an enumeration takes, as the trainer names them."""
    for one in (hint, *typing.get_args(hint)):
        if isinstance(one, type) and issubclass(one, enum.Enum):
            yield from (str(member.value) for member in one)


if __name__ == "__main__":
    LISTED.write_text(json.dumps(listing(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
