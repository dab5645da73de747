"""What the command line names: models (`nano`, a folder, a Hub id, an engine's YAML) and tasks (`ifeval`, a YAML)."""

import importlib
import inspect
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from smoltalk import catalog
from smoltalk.contracts import Engine
from smoltalk.document import Document, parse, read_text
from smoltalk.errors import Problem, UserError, nearest
from smoltalk.eval.folders import engine_of, folder_name
from smoltalk.eval.subject import Model
from smoltalk.eval.task import Task
from smoltalk.fields import fill, place, shown
from smoltalk.redaction import redact_word

_HERE = Path(__file__).parent / "tasks"


@cache
def task_names() -> tuple[str, ...]:
    """Every task, from the folder listing."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.py") if not path.stem.startswith("_")))


def task_class(name: str) -> type[Task]:
    """The task in `smoltalk/eval/tasks/NAME.py`. Raises `UserError` whose problem has no place."""
    if name not in task_names():
        raise UserError([Problem("", 0, f"no task `{name}`", nearest(name, task_names()))])
    module = importlib.import_module(f"smoltalk.eval.tasks.{name}")
    own = [one for _, one in inspect.getmembers(module, inspect.isclass) if one.__module__ == module.__name__]
    (found,) = (one for one in own if issubclass(one, Task) and not inspect.isabstract(one))
    return found


def tasks(given: Sequence[str], limit: int | None = None) -> dict[str, Task]:
    """Tasks by the name they are told under: `ifeval`, `exact: {files: x.jsonl, ...}`, or a YAML file of such.

    A file is a list of names and one-key mappings, or a mapping of your names to them. Raises `UserError`.
    """
    problems: list[Problem] = []
    found: dict[str, Task] = {}
    for one in given:
        is_file = one.endswith((".yaml", ".yml"))
        path = one if is_file else "--tasks"
        try:
            document = parse(read_text(Path(one), "file of tasks") if is_file else one, path)
            for name, key, entry in _entries(document, one):
                label = _free(name, found)
                try:
                    found[label] = _task(document, key, entry)
                except UserError as error:
                    problems += _placed(error, path, is_file)
        except UserError as error:
            problems += _placed(error, path, is_file)
    if problems:
        raise UserError(dict.fromkeys(problems))
    if limit is not None:
        found = {
            name: task.model_copy(update={"limit": min(limit, task.limit or limit)}) for name, task in found.items()
        }
    return found


def _placed(error: UserError, path: str, is_file: bool) -> list[Problem]:
    return [Problem(p.path or path, p.line if is_file else 0, p.sentence, p.hint) for p in error.problems]


def _entries(document: Document, given: str) -> Iterator[tuple[str, tuple[str | int, ...], Any]]:
    data = document.data
    if document.problems:
        raise UserError(document.problems)
    if isinstance(data, str) and "," in data and "{" not in data:
        for name in filter(None, map(str.strip, data.split(","))):
            yield name, (), name
    elif isinstance(data, list):
        for index, entry in enumerate(data):
            yield _label(entry), (index,), entry
    elif isinstance(data, dict) and not (len(data) == 1 and next(iter(data)) in task_names()):
        for name, entry in data.items():
            yield str(name), (name,), entry
    elif data is None:
        raise UserError([Problem("", 0, f"{given!r} names no task", nearest("", task_names()))])
    else:
        yield _label(data), (), data


def _label(entry: Any) -> str:
    return str(next(iter(entry), "")) if isinstance(entry, dict) else str(entry)


def _free(name: str, taken: dict[str, Task]) -> str:
    number = 1
    while (label := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return label


def _task(document: Document, key: tuple[str | int, ...], entry: Any) -> Task:
    name, fields = (entry, {}) if isinstance(entry, str) else _pair(document, key, entry)
    try:
        task = fill(task_class(name), fields, document, (*key, name), name)
    except UserError as error:
        raise UserError(place(error, document, key)) from None
    if wrong := [document.problem((*key, name), sentence) for sentence in task.check()]:
        raise UserError(wrong)
    return task


def _pair(document: Document, key: tuple[str | int, ...], entry: Any) -> tuple[str, Any]:
    if not isinstance(entry, dict) or len(entry) != 1:
        raise UserError([document.problem(key, f"a task is a name or one `name: {{fields}}`, not {shown(entry)}")])
    name, fields = next(iter(entry.items()))
    return str(name), fields


def models(given: Sequence[str]) -> list[Model]:
    """Models in their order, each under a name of its own. Raises `UserError`."""
    found: list[Model] = []
    problems: list[Problem] = []
    for one in given:
        try:
            model = model_of(one)
            taken = {other.name for other in found}
            number = 2
            name = model.name
            while name in taken:
                name, number = f"{model.name}-{number}", number + 1
            found.append(Model(name, model.engine, model.weights, model.given))
        except UserError as error:
            problems += [Problem(p.path or redact_word(one), p.line, p.sentence, p.hint) for p in error.problems]
    if problems:
        raise UserError(problems)
    return found


def model_of(given: str) -> Model:
    """`nano`, a folder, `ORG/NAME` on the Hub, `NAME=` before any of them, or an engine: `openai: {model: ...}`.

    What runs a folder: see `folders`. Everything else runs on vLLM. Raises `UserError`.
    """
    label, sign, rest = given.partition("=")
    if sign and label and ":" not in label and "{" not in label and "/" not in label:
        model = model_of(rest)
        return Model(label, model.engine, model.weights, redact_word(given))
    if given == "nano":
        from smoltalk.engines.nano import Nano

        return Model("nano", Nano(), str(Nano.shipped), given)
    if given.endswith((".yaml", ".yml")):
        engine, name = _engine(parse(read_text(Path(given), "file of an engine"), given))
        return Model(Path(given).stem, engine, _weights(engine), given)
    if ":" in given or "{" in given:
        told = redact_word(given)
        engine, name = _engine(parse(given, told))
        return Model(name, engine, _weights(engine), told)
    folder = Path(given).expanduser()
    if folder.is_dir():
        return Model(folder_name(folder), engine_of(folder), str(folder), given)
    if folder.is_file():
        hint = f"did you mean `{folder.parent}`?" if (folder.parent / "config.json").is_file() else "name its folder"
        raise UserError([Problem(given, 0, "is a file, and a model is a folder", hint)])
    if given.startswith((".", "/", "~", "models/")) or given.endswith("/") or given.count("/") != 1:
        here = [str(path) for path in folder.parent.iterdir()] if folder.parent.is_dir() else []
        near = nearest(given.rstrip("/"), ["nano", *here])
        hint = near if near.startswith("did") else "a folder, ORG/NAME of the Hub, `nano`, or `openai: {model: ...}`"
        raise UserError([Problem(given, 0, "is no model: there is no such folder", hint)])
    from smoltalk.engines.vllm import Vllm

    return Model(given.rpartition("/")[2], Vllm.model_validate({"model": given}), given, given)


def _engine(document: Document) -> tuple[Engine, str]:
    if document.problems or not isinstance(document.data, dict) or len(document.data) != 1:
        raise UserError(document.problems or [document.problem((), "an engine is one `name: {fields}`")])
    name, fields = next(iter(document.data.items()))
    try:
        engine: Engine = fill(catalog.find("engines", str(name)), fields, document, (name,), str(name))
    except UserError as error:
        raise UserError(place(error, document, (name,))) from None
    if wrong := [document.problem((name,), sentence) for sentence in engine.check()]:
        raise UserError(wrong)
    model = getattr(engine, "model", None)
    return engine, Path(str(model)).name if model else str(name)


def _weights(engine: Engine) -> str | None:
    """Where an engine of this machine has its model from: an endpoint's name says nothing of weights."""
    if getattr(engine, "base_url", None) or getattr(engine, "endpoint", None):
        return None
    if lora := getattr(engine, "lora", None):
        from smoltalk.serving.vllm_files import adapters

        named = adapters(getattr(engine, "options", {}).get("lora_modules"))
        return next((str(one["path"]) for one in named if one.get("name") == lora and one.get("path")), None)
    model = getattr(engine, "folder", None) or getattr(engine, "model", None)
    return str(model) if model else None
