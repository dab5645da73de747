"""A mixture's tokenizer: names that are none are told at `check`, and an edited one counts anew."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from smoltalk import nano
from smoltalk.mixing.session import mix
from smoltalk.mixture.mistakes import mistakes
from smoltalk.mixture.source import Mix
from smoltalk.run.folder import RunFolder
from smoltalk.run.reopen import reopen
from tests.mixing.mixtures import lines, mixed, pipeline, published, rows

MODEL = Path(nano.__file__).parent / "model"


def said(name: str) -> list[tuple[str, str]]:
    some = Mix.model_validate({"tokenizer": name, "sources": {"a": {"hub": "org/name"}}})
    return [(one.sentence, one.hint) for one in mistakes(some, "sft")]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "model").mkdir()
    for name in ("tokenizer.json", "chat_template.jinja", "tokenizer_config.json"):
        if (MODEL / name).exists():
            shutil.copy(MODEL / name, tmp_path / "model")
    return tmp_path


@pytest.mark.parametrize("name", ["nano", "org/model", "model", "./model", "model/tokenizer.json", "~/model"])
def test_what_can_count(here: Path, name: str) -> None:
    assert said(name) == []


def test_what_is_there_and_holds_no_tokenizer_is_told(here: Path) -> None:
    (here / "data.jsonl").write_text("{}")
    (here / "empty").mkdir()
    hint = "a tokenizer.json, or the folder of one, from the working directory"
    assert said("./data.jsonl") == [("`./data.jsonl` is no tokenizer.json", hint)]
    assert said("model/chat_template.jinja") == [("`model/chat_template.jinja` is no tokenizer.json", hint)]
    assert said("./empty") == [("the folder `./empty` holds no tokenizer.json", hint)]
    assert said("./gone") == [("there is no tokenizer `./gone`", hint)]


@pytest.mark.parametrize("edited", ["tokenizer.json", "chat_template.jinja"])
def test_an_edited_tokenizer_counts_anew(here: Path, edited: str) -> None:
    lines(here / "a.jsonl", rows(20, "x"))
    some: dict[str, Any] = {"sources": {"a": {"files": "a.jsonl", "licence": "mit"}}, "tokenizer": "model"}
    file = pipeline(here, some, keep=["tokens"])
    first = mixed(file, here / "run")
    assert mixed(file, here / "run").done
    text = (here / "model" / edited).read_text()
    if edited == "tokenizer.json":
        said = json.loads(text)
        said["model"]["merges"] = []
        text = json.dumps(said)
    else:
        text = text.replace("message['role']", "message['role'] + ' and some more'")
    (here / "model" / edited).write_text(text)
    again = mixed(file, here / "run")
    assert not again.done and again.changed == ("source",)
    assert again.sources[0].tokens != first.sources[0].tokens
    assert sum(row["tokens"] for row in published(here / "run")) == again.sources[0].tokens


def test_an_edited_tokenizer_is_seen_by_a_mixture_that_goes_on(here: Path) -> None:
    lines(here / "a.jsonl", rows(20, "x"))
    some = {"sources": {"a": {"files": "a.jsonl", "licence": "mit", "count": 50}}, "tokenizer": "model"}
    file = pipeline(here, some)
    assert mixed(file, here / "run").books.state == "stopped"
    assert mixed(file, here / "run").kept == 1
    template = here / "model" / "chat_template.jinja"
    template.write_text(template.read_text() + "and the end")
    assert mixed(file, here / "run").kept == 0


def test_a_mixture_finds_its_tokenizer_from_any_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines(here / "a.jsonl", rows(20, "x"))
    some: dict[str, Any] = {"sources": {"a": {"files": "a.jsonl", "licence": "mit", "count": 50}}, "tokenizer": "model"}
    first = mixed(pipeline(here, some), here / "run")
    (here / "away").mkdir()
    monkeypatch.chdir(here / "away")
    again = mix(reopen(RunFolder(here / "run"), {"mix.rows": "null"}), RunFolder(here / "run"), lambda _: None)
    assert again.kept == 1 and again.changed == () and again.sources[0].tokens == first.sources[0].tokens > 0
