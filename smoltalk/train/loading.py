"""The rows of a recipe as the datasets that a trainer takes: what is trained on, and what is held out to measure."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from smoltalk.errors import Problem, UserError, WorldError
from smoltalk.mixture.piece import Failed
from smoltalk.mixture.reading import opened
from smoltalk.text import neutralise, spells_calls
from smoltalk.train.data_source import TrainingData
from smoltalk.train.nothing import left
from smoltalk.train.recipe import Recipe
from smoltalk.train.rows_written import write

Tell = Callable[[str], None]

_PASSED_ON = ("tools", "chat_template_kwargs")
"""Columns beside the conversation or the pair that every trainer gives to the chat template."""
_SAID = ("messages", "prompt", "completion", "chosen", "rejected")
"""Columns of turns, by TRL's names."""


@dataclass(slots=True)
class Rows:
    """What a model is trained and measured on."""

    train: Any
    """A `datasets.Dataset`."""
    test: Any | None
    origin: str
    licence: str | None = None
    identity: list[object] = field(default_factory=list)
    """JSON that is another where the rows are others."""
    failed: list[Failed] = field(default_factory=list)
    mended: int = 0


def load(recipe: Recipe, folder: Path, tell: Tell) -> Rows:
    """The recipe's rows; those of `data:` are written to `folder` first.

    Raises `UserError` for rows that are not there or not of the trainer's form, `WorldError` for a Hub that is gone.
    """
    if recipe.ours.data is not None:
        return _ours(recipe, recipe.ours.data, folder, tell)
    return _of_trl(recipe)


# ---------------------------------------------------------------- `data:`


def _ours(recipe: Recipe, data: TrainingData, folder: Path, tell: Tell) -> Rows:
    from datasets import Dataset

    folder.mkdir(parents=True, exist_ok=True)
    splits = [data.split, *([tested] if (tested := data.tested_on()) else [])]
    found: list[Any] = []
    rows = Rows(None, None, "")
    for split in splits:
        source = data.source(split)
        try:
            reader = opened("data", source, recipe.makes, _columns(data, source))
            written = write(reader, folder / f"{split}.arrow", partial(_said_of, tell, split))
        except UserError as error:
            raise UserError(
                [p if p.line else recipe.document.problem(("data",), _of_data(p), p.hint) for p in error.problems]
            ) from None
        except OSError as error:
            raise WorldError(f"{folder} cannot be written: {error.strerror}", command="the same with --out") from error
        if not written.rows:
            sentence, hint = left(reader, written, split)
            raise recipe.problem("data", f"data: {sentence}", hint)
        rows.origin, rows.licence = rows.origin or _said(data, reader.origin), rows.licence or _licence(data, reader)
        rows.identity.append(reader.identity()[3:])
        rows.failed += written.failed
        rows.mended += written.mended
        found.append(_parsed(_filled(Dataset.from_file(str(folder / f"{split}.arrow")))))
    if data.rows is not None and len(found[0]) > data.rows:
        found[0] = found[0].select(_lowest(openings(found[0]), data.rows))
    if len(found) > 1:
        rows.train, rows.test = found
    else:
        rows.train, rows.test = _apart(found[0], data.held_out)
    if not len(rows.train):
        sentence = f"data: all {len(found[0]):,} rows are held out, and none is left"
        hint = "a smaller held_out; rows with the same first question are held out together"
        if len(set(openings(rows.test))) == 1 and len(found) == 1:
            sentence += ": all have the same first question, and such rows are held out together"
            hint = "held_out: 0, or a `test_split` of rows with other questions"
        raise recipe.problem("data", sentence, hint)
    return rows


def _of_data(problem: Problem) -> str:
    """What reading says of a file, or of the source that `data:` is to it."""
    where = "" if problem.path.startswith("mix.sources.") else f"{problem.path} "
    return f"data: {where}{problem.sentence}"


def _said_of(tell: Tell, split: str, rows: int) -> None:
    tell(f"read {split}: {rows:,} {'row' if rows == 1 else 'rows'}")


def _columns(data: TrainingData, source: Any) -> list[str]:
    """Columns to read beside the conversation. What the Hub has is not known before it is read: all are asked for."""
    from smoltalk.mixture.here import look

    there = look(source).columns
    return [name for name in _PASSED_ON if there is None or name in there or name in data.columns]


def _filled(dataset: Any) -> Any:
    """The columns that hold anything: one that was asked for and is not there is empty."""
    table = dataset.data
    empty = [name for name in _PASSED_ON if name in table.column_names and _is_empty(table.column(name))]
    return dataset.remove_columns(empty)


def _is_empty(column: Any) -> bool:
    return bool(column.null_count == len(column))


def _said(data: TrainingData, origin: str) -> str:
    return data.run if data.run is not None else origin


def _licence(data: TrainingData, reader: Any) -> str | None:
    if data.run is not None and reader.licence is None:
        from smoltalk.mixture.here import look
        from smoltalk.mixture.source import MixSource

        return look(MixSource(run=data.run)).licence
    found: str | None = reader.licence
    return found


def _parsed(dataset: Any) -> Any:
    """Arguments of templates as mappings."""
    import orjson

    name = "chat_template_kwargs"
    if name not in dataset.column_names:
        return dataset
    return dataset.map(lambda row: {name: orjson.loads(row[name] or "{}")})


def openings(dataset: Any) -> list[bytes]:
    """A hash of the first question of every row: rows that share it are of one kind."""
    name = next((one for one in ("messages", "prompt", "chosen") if one in dataset.column_names), "text")
    found = []
    for batch in dataset.select_columns([name]).iter(1_000):
        for turns in batch[name]:
            asked = [one["content"] for one in turns if one["role"] == "user"] if isinstance(turns, list) else [turns]
            said = str(asked[0]) if asked else ""
            found.append(hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=8).digest())
    return found


def _apart(dataset: Any, held_out: float) -> tuple[Any, Any | None]:
    wanted = round(held_out * len(dataset)) if held_out < 1 else int(held_out)
    if not wanted:
        return dataset, None
    asked = openings(dataset)
    out = set(_lowest(asked, wanted, whole=True))
    kept = [place for place in range(len(dataset)) if place not in out]
    return dataset.select(kept), dataset.select(sorted(out))


def _lowest(asked: Sequence[bytes], wanted: int, whole: bool = False) -> list[int]:
    """Places of `wanted` rows whose questions hash lowest; `whole`: never some rows of a question without the others,
    so about as many."""
    order = sorted(range(len(asked)), key=lambda place: (asked[place], place))
    if not whole:
        return sorted(order[:wanted])
    many, taken, found = Counter(asked), 0, set[bytes]()
    for place in order:
        if asked[place] not in found:
            if taken >= wanted:
                break
            found.add(asked[place])
            taken += many[asked[place]]
    return [place for place in range(len(asked)) if asked[place] in found]


# ---------------------------------------------------------------- TRL's own keys


def _of_trl(recipe: Recipe) -> Rows:
    """What TRL's scripts would load from `dataset_name` or `datasets`."""
    from datasets import load_dataset

    try:
        if recipe.given.get("datasets"):
            from trl import DatasetMixtureConfig, get_dataset

            said = ("datasets", "streaming", "test_split_size")
            # it turns the mappings into objects of its own where they stand
            loaded = get_dataset(
                DatasetMixtureConfig(**deepcopy({k: recipe.given[k] for k in said if k in recipe.given}))
            )
            origin = ", ".join(dict.fromkeys(str(one["path"]) for one in recipe.given["datasets"]))
        else:
            origin = str(recipe.given["dataset_name"])
            loaded = load_dataset(origin, name=recipe.value("dataset_config", None))
        train = loaded[recipe.value("dataset_train_split", "train")]
    except (OSError, ValueError, KeyError) as error:
        key = "datasets" if recipe.given.get("datasets") else "dataset_name"
        raise UserError([Problem(str(recipe.path), recipe.document.line((key,)), f"{key}: {_first(error)}")]) from error
    wants_test = recipe.value("eval_strategy", "no") != "no"
    test = loaded.get(recipe.value("dataset_test_split", "test")) if wants_test else None
    rows = Rows(None, None, origin, None, [getattr(train, "_fingerprint", "")])
    rows.train, rows.test = (_harmless(_in_our_words(one), rows) for one in (train, test))
    return rows


def _in_our_words(dataset: Any) -> Any:
    """ShareGPT's turns, `{from, value}` under `conversations`, as messages: what TRL makes of them as well."""
    if dataset is None or "conversations" not in dataset.column_names or "messages" in dataset.column_names:
        return dataset
    from trl import maybe_convert_to_chatml

    return dataset.map(maybe_convert_to_chatml, remove_columns=["conversations"])


def _harmless(dataset: Any, rows: Rows) -> Any:
    """Control tokens inside what is said as plain text. A text without turns is left: its marks are its template."""
    if dataset is None or not (said := [name for name in _SAID if _is_said(dataset.features.get(name))]):
        return dataset

    def mended(row: dict[str, Any]) -> dict[str, Any]:
        found = {name: _calm(row[name]) for name in said if row[name]}
        changed = {name: turns for name, turns in found.items() if turns != row[name]}
        rows.mended += bool(changed)
        return changed

    # under a fingerprint of its own, so that a later call writes the same file again
    return dataset.map(mended, load_from_cache_file=False, new_fingerprint=f"{dataset._fingerprint}calm")


def _is_said(feature: Any) -> bool:
    turn = getattr(feature, "feature", feature[0] if isinstance(feature, list) else None)
    return isinstance(turn, dict) and "content" in turn


def _calm(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Marks of calls stay in conversations that write them as text, as the reading of files has it."""
    first = turns[0]
    spelt = first.get("role") == "system" and isinstance(first["content"], str) and spells_calls(first["content"])
    return [
        {**turn, "content": neutralise(turn["content"], spelt and turn.get("role") in ("system", "assistant"))}
        if isinstance(turn["content"], str)
        else turn
        for turn in turns
    ]


def _first(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
