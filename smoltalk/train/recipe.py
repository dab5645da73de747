"""A recipe: TRL's own keys in YAML, passed on untouched, and `data:`; every mistake by line, without torch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from smoltalk.catalog import data_folder
from smoltalk.contracts import Part
from smoltalk.document import Document, Key, parse, read_text
from smoltalk.errors import Problem, UserError, nearest
from smoltalk.fields import fill, meant, shown
from smoltalk.pipeline.settings import apply
from smoltalk.redaction import redact_setting
from smoltalk.train.data_source import Makes, TrainingData
from smoltalk.train.trl_keys import GONE, TRACKERS, Form, Kind, fits, keys, keys_of_a_dataset, others, too_little, words

BATCH = 8
"""TRL's default of `per_device_train_batch_size`."""
NANO = "nano"
"""As `model_name_or_path`: the model in this package."""


class Ours(Part):
    """What a recipe has beside TRL's keys."""

    data: TrainingData | None = None
    """The rows. Instead, TRL's own `dataset_name` or `datasets`."""
    from_scratch: bool = False
    """Start from random weights of the model's shape, with its tokenizer."""
    samples: int = Field(default=6, ge=0, le=64)
    """Held-out prompts that are answered before and after, for the page."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe without mistakes of form."""

    kind: Kind
    name: str
    path: Path
    given: Mapping[str, Any]
    """TRL's keys, as the YAML has them, `--set` and `--out` among them."""
    ours: Ours
    document: Document

    @property
    def makes(self) -> Makes:
        """The form of rows that the trainer learns from."""
        return "sft" if self.kind == "sft" else "dpo"

    @property
    def model(self) -> str:
        """What is loaded: a folder or a name on the Hub."""
        name = str(self.given["model_name_or_path"])
        return str(Path(__file__).parent.parent / "nano" / "model") if name == NANO else name

    @property
    def out(self) -> Path:
        """Where the model is written."""
        return Path(str(self.given["output_dir"]))

    def value(self, key: str, default: Any) -> Any:
        """What the recipe says of one of TRL's keys, or TRL's default, which the caller knows."""
        return self.given.get(key, default)

    def problem(self, key: str, sentence: str, hint: str = "") -> UserError:
        """A mistake at the line of a key."""
        return UserError([self.document.problem((key,), sentence, hint)])


def read(kind: Kind, path: Path, settings: Mapping[str, str] | None = None, out: Path | None = None) -> Recipe:
    """The recipe at `path`, or the one that ships under that name; `settings` as `--set` gives them.

    Raises `UserError` with every mistake.
    """
    path = _found(path)
    document = parse(read_text(path, "recipe"), str(path))
    if not isinstance(document.data, dict):
        raise UserError([*document.problems, document.problem((), "a recipe is a mapping of TRL's keys")])
    problems = [*document.problems]
    for problem in apply(settings or {}, document):
        problems.append(Problem("--set", 0, problem.sentence, problem.hint))
    data = dict(document.data)
    own = {name: data.pop(name) for name in Ours.model_fields if name in data}
    if isinstance(own.get("data"), str):
        from smoltalk.train.data_source import where_it_is

        own["data"] = where_it_is(own["data"])
    ours = Ours()
    try:
        ours = fill(Ours, own, document, (), "the recipe")
    except UserError as error:
        problems += error.problems
    problems += _problems(kind, data, document)
    if out is not None:
        data["output_dir"] = str(out)
    data.setdefault("output_dir", f"models/{path.stem}")
    recipe = Recipe(kind, path.stem, path, data, ours, document)
    problems += _rows(recipe, own)
    if problems:
        raise UserError(_blamed(problems, document, settings or {}))
    return recipe


def _blamed(problems: list[Problem], document: Document, settings: Mapping[str, str]) -> Iterator[Problem]:
    """Problems of keys that `--set` gives are told at the setting."""
    given = {name: f"--set {name}={redact_setting(name, text)}" for name, text in settings.items()}
    for one in problems:
        found = [said for name, said in given.items() if _is_of(one, name, document)]
        yield Problem(found[0], 0, one.sentence, one.hint) if found else one


def _is_of(problem: Problem, name: str, document: Document) -> bool:
    """Whether a problem is of a setting."""
    key = tuple(name.split("."))
    words = {f"`{key[-1]}`", f"{name}:"}
    if problem.sentence.startswith(f"{name}:"):  # the setting stands in place of what the file says
        return True
    return key not in document.lines and any(word in problem.sentence for word in words)


def _found(path: Path) -> Path:
    shipped = data_folder("recipes") / f"{path.name}.yaml"
    return shipped if not path.exists() and path.name == str(path) and shipped.is_file() else path


def _problems(kind: Kind, data: Mapping[str, Any], document: Document) -> Iterator[Problem]:
    known = keys(kind)
    for name, value in data.items():
        if name not in known:
            yield document.problem((name,), f"no key `{name}` in TRL's {_config(kind)}", _instead(name, kind, known))
        elif not document.is_bad((name,)):
            yield from _value(document, (name,), name, known[name], value)
    for place, one in enumerate(data["datasets"] if isinstance(data.get("datasets"), list) else ()):
        yield from _dataset(document, ("datasets", place), one)
    if data.get("push_to_hub") is True:
        hint = f"leave it out, then: smoltalk push {data.get('output_dir') or 'models/NAME'} OWNER/NAME"
        yield document.problem(("push_to_hub",), "push_to_hub: TRL would publish without the books of the rows", hint)
    yield from _trackers(data.get("report_to"), document)
    if data.get("bf16") is True and data.get("fp16") is True:
        yield document.problem(("fp16",), "fp16: TRL trains in one of fp16 and bf16", "leave one of them out")
    if data.get("hub_token"):
        hint = "leave it out, then: hf auth login"
        yield document.problem(("hub_token",), "hub_token: a token is kept out of recipes and checkpoints", hint)
    if not data.get("model_name_or_path"):
        hint = "a folder, a name on the Hub, or `nano`, the model in this package"
        yield document.problem((), "names no model: `model_name_or_path`", hint)


def _trackers(said: Any, document: Document) -> Iterator[Problem]:
    for name in [said] if isinstance(said, str) else said if isinstance(said, list) else ():
        if name not in TRACKERS:
            yield document.problem(("report_to",), f"report_to: there is no `{name}`", nearest(str(name), TRACKERS))


def _dataset(document: Document, key: Key, one: Any) -> Iterator[Problem]:
    known = keys_of_a_dataset()
    if not isinstance(one, dict):
        yield document.problem(key, f"a dataset is a mapping, not {shown(one)}", "write {path: org/name, split: train}")
        return
    for name, value in one.items():
        if name not in known:
            renamed = {"id": "it is `path` now", "config": "it is `name` now"}
            weight = "`split: train[:50%]` takes the first half"
            hint = renamed.get(name, weight if name == "weight" else nearest(name, known))
            yield document.problem((*key, name), f"no key `{name}` in one of TRL's `datasets`", hint)
        else:
            yield from _value(document, (*key, name), name, known[name], value)
    if not one.get("path"):
        yield document.problem(key, "a dataset needs `path`")


def _value(document: Document, key: Key, name: str, form: Form, value: Any) -> Iterator[Problem]:
    if not fits(form, value):
        yield document.problem(key, f"{name}: must be {words(form)}, not {shown(value)}")
    elif isinstance(value, str) and form.get("choices") and value not in form["choices"]:
        yield document.problem(key, f"{name}: there is no `{value}`", nearest(value, form["choices"]))
    elif more := too_little(name, value):
        yield document.problem(key, f"{name}: must be {more}, not {shown(value)}")


def _config(kind: Kind) -> str:
    return {"sft": "SFTConfig", "dpo": "DPOConfig", "reward": "RewardConfig"}[kind]


def _instead(name: str, kind: Kind, known: Mapping[str, Form]) -> str:
    if name in GONE:
        return GONE[name]
    if there := others(name, kind):
        return f"it is of another trainer: smoltalk train {there[0]}"
    hint = nearest(name, [*known, *Ours.model_fields])
    return hint if meant(hint) else "TRL's reference lists the keys: hf.co/docs/trl"


def _rows(recipe: Recipe, own: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with where the rows come from."""
    said = [name for name in ("dataset_name", "datasets") if recipe.given.get(name)]
    if "data" in own:
        said.append("data")
    if len(said) != 1:
        hint = "give `data: {run: ...}`, `{files: ...}` or `{hub: ...}`, or TRL's own `dataset_name` or `datasets`"
        told = "names no rows to train on" if not said else f"has {' and '.join(f'`{one}`' for one in said)}"
        yield recipe.document.problem((said[0],) if said else (), told, hint if not said else "give one of them")
    for name in ("dataset_streaming", "streaming"):
        if recipe.given.get(name) is True:
            hint = "leave it out: rows are read from disk as they are needed"
            yield recipe.document.problem((name,), f"{name}: every row is looked at before training", hint)
    if recipe.ours.data is not None:
        for key, sentence, hint in recipe.ours.data.mistakes(recipe.makes):
            yield recipe.document.problem(("data", *key), f"data: {sentence}", hint)
