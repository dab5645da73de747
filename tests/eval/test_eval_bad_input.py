"""What cannot work is said before any model is loaded, all of it at once; what cannot be counted is said beside it."""

import json
from pathlib import Path
from typing import Any

import pytest

from smoltalk.engines.scripted import Scripted
from smoltalk.errors import UserError
from smoltalk.eval.asking import Asking, Replies
from smoltalk.eval.folders import engine_of
from smoltalk.eval.naming import models, tasks
from smoltalk.eval.page import remarks
from smoltalk.eval.session import evaluate
from smoltalk.eval.subject import Model
from smoltalk.eval.task import Mark, Metric, Task


def silent(*_: Any) -> None:
    """Nobody watches."""


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("rules.yaml").write_text('rules: [{say: ["The answer is 5."]}]', encoding="utf-8")
    Path("some.yaml").write_text("scripted: {replies: rules.yaml}\n", encoding="utf-8")
    lines(tmp_path / "sums.jsonl", *({"question": f"{n} + 1?", "answer": str(n + 1)} for n in range(8)))
    return tmp_path


def mistakes(given: list[str], of: list[str], **how: Any) -> str:
    with pytest.raises(UserError) as error:
        evaluate(models(given), tasks(of), Path("out"), silent, **how)
    return str(error.value)


def test_data_is_looked_at_before_an_engine_starts(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def started(self: Any, folder: Path) -> None:
        raise AssertionError("a model was loaded for nothing")

    monkeypatch.setattr(Scripted, "start", started)
    lines(here / "talk.jsonl", {"messages": [{"role": "user", "content": "Hi"}]}, {"messages": [{"role": "x"}]})
    lines(here / "empty.jsonl")
    said = mistakes(
        ["some.yaml"],
        ["exact: {data: ./none.jsonl}", "exact: {data: empty.jsonl}", "exact: {data: sums.jsonl, group: kind}"],
    )
    assert "there is no such file" in said and "holds no rows" in said and "has no column `kind`" in said
    assert "row 2" in mistakes(["nano"], ["loss: {data: talk.jsonl}"])
    assert "only an engine is known" in mistakes(["some.yaml"], ["loss: {data: talk.jsonl}", "curriculum"])


def test_what_makes_no_comparison_is_said(here: Path) -> None:
    judge = models(["some.yaml"])[0]
    assert "compares some with itself" in mistakes(["some.yaml"], ["curriculum"], against="some")
    assert "has nothing to judge" in mistakes(["some.yaml"], ["curriculum"], judge=judge)
    both, of = ["some.yaml", "nano"], ["side_by_side: {data: sums.jsonl}"]
    scores = models(["nano_reward: {}"])[0]
    assert "`side_by_side` compares two models as a judge says, and no other is named" in mistakes(both, of)
    assert "does not write" in mistakes(both, of, against="some", judge=scores)


def test_a_file_is_no_folder_to_write_to(here: Path) -> None:
    Path("out").touch()
    assert "--out  out is a file, not a folder" in mistakes(["some.yaml"], ["curriculum"])


def test_all_wrong_names_are_said_at_once() -> None:
    with pytest.raises(UserError) as error:
        tasks(["ifevil,curriculm", "loss: {dat: x}"])
    said = [one.sentence for one in error.value.problems]
    assert said == ["no task `ifevil`", "no task `curriculm`", "no field `dat` in `loss`"]


@pytest.mark.parametrize("value", [5, [], [5], [{"role": "user"}], [{"role": "assistant", "content": "Hi"}]])
def test_what_is_no_prompt_is_said_by_its_row(here: Path, value: Any) -> None:
    lines(here / "p.jsonl", {"prompt": "Hello"}, {"prompt": value})
    if isinstance(value, int):  # a column of two kinds is the file's mistake
        lines(here / "p.jsonl", {"prompt": 4}, {"prompt": value})
    with pytest.raises(UserError, match=r"p\.jsonl"):
        tasks(["side_by_side: {data: p.jsonl}"])["side_by_side"].look()


def test_all_turns_are_asked_where_a_row_has_a_question_too(here: Path) -> None:
    data = lines(here / "mt.jsonl", {"question": "One?", "turns": ["One?", "Two?"]})
    (item,) = tasks([f"side_by_side: {{data: {data}}}"])["side_by_side"].asked  # type: ignore[attr-defined]
    assert item.more == ("Two?",)
    with pytest.raises(UserError, match="no template `nonesuch`"):
        tasks([f"side_by_side: {{data: {data}, template: nonesuch}}"])


def test_items_of_one_id_are_told_apart(here: Path) -> None:
    rows = [{"id": name, "question": f"{n} + 1?", "answer": str(n + 1)} for n, name in enumerate(["a", "a", None])]
    data = lines(here / "q.jsonl", *rows)
    items = tasks([f"exact: {{data: {data}}}"])["exact"].items()  # type: ignore[attr-defined]
    assert [item.id for item in items] == ["a", "a (row 2)", "3"]


def test_a_limit_only_lowers() -> None:
    found = tasks(["curriculum: {limit: 5}", "curriculum: {limit: 50}", "curriculum"], 20)
    assert [task.limit for task in found.values()] == [5, 20, 20]


def test_gsm8k_from_a_file_of_ones_own(here: Path) -> None:
    (task,) = tasks(["gsm8k: {data: sums.jsonl}"]).values()
    task.look()
    assert task.identity()["files"] and task.identity()["split"] is None
    (hub,) = tasks(["gsm8k: {shots: 5}"]).values()
    assert hub.identity()["split"] == "test" and hub.identity()["revision"]


def test_two_endpoints_with_one_models_name_are_two(tmp_path: Path) -> None:
    """A run asks one engine wherever it is; here the answers of one would pass for the other's."""
    from smoltalk.requests import Request, Sampling

    replies = Replies(tmp_path / "replies.jsonl")
    request = Request([{"role": "user", "content": "Hi"}], Sampling())
    for form in ("openai: {{model: m, base_url: 'http://127.0.0.1:{}/v1'}}",
                 "vllm: {{model: m/m, endpoint: 'http://127.0.0.1:{}/v1'}}"):  # fmt: skip
        keys = {Asking(models([form.format(port)])[0].engine, replies).key(request) for port in (1, 2)}
        assert len(keys) == 2
    replies.close()


class Weighs(Task):
    """A task that looks at weights, and says when."""

    metrics = (Metric("right", "so"),)

    def look(self) -> None:
        EVENTS.append("look")

    async def marks(self, subject: Any, tell: Any) -> list[Mark]:
        EVENTS.append("weigh")
        return [Mark("1", {"right": (0.0, 0)}, why="too long"), Mark("2", {"right": (1.0, 1)})]


EVENTS: list[str] = []


def test_weights_are_looked_at_when_the_engine_has_let_go_of_them(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def start(self: Any, folder: Path) -> None:
        EVENTS.append("start")

    async def stop(self: Any) -> None:
        EVENTS.append("stop")

    monkeypatch.setattr(Scripted, "start", start)
    monkeypatch.setattr(Scripted, "stop", stop)
    EVENTS.clear()
    model = Model("m", models(["some.yaml"])[0].engine, str(here))
    found = evaluate([model], {"w": Weighs(), **tasks(["exact: {data: sums.jsonl}"])}, here / "out", silent)
    assert EVENTS == ["look", "start", "stop", "weigh"]
    assert [score.task for score in found.scores] == ["w", "exact", "exact"], "in the order they were named"
    assert "w: 1 of 2 items of m are in no figure: too long" in list(remarks(found))


def test_a_folder_that_holds_no_whole_model(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"architectures": ["LlamaForCausalLM"]}')
    with pytest.raises(UserError, match="no weights in it"):
        engine_of(tmp_path)
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(b"\0" * 5)
    listed = {"weight_map": {name: f"model-0000{n}-of-00002.safetensors" for n, name in enumerate("ab", 1)}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(listed))
    with pytest.raises(UserError) as error:
        engine_of(tmp_path)
    said = str(error.value)
    assert "half a model: model-00002-of-00002.safetensors is not there" in said and "a broken model" in said
    config.write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        (tmp_path / "model.safetensors.index.json").unlink()
        (tmp_path / "model-00001-of-00002.safetensors").unlink()
        (tmp_path / "model.bin").touch()
        engine_of(tmp_path)


def test_a_model_that_scores_is_not_asked_to_write(tmp_path: Path) -> None:
    """Read as one that writes, it would be given a head of random numbers."""
    (tmp_path / "config.json").write_text('{"architectures": ["Qwen3ForSequenceClassification"]}')
    (tmp_path / "model.bin").touch()
    engine = engine_of(tmp_path)
    assert type(engine).__name__ == "RewardModel" and engine.kind == "scores"


def test_an_adapter_runs_on_its_base(tmp_path: Path) -> None:
    def adapter(**fields: Any) -> Any:
        known = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 24, "base_model_name_or_path": "org/base"}
        (tmp_path / "adapter_config.json").write_text(json.dumps(known | fields))
        return engine_of(tmp_path)

    engine = adapter()
    assert (engine.model, engine.lora, engine.options["max_lora_rank"]) == ("org/base", "adapter", 32)
    (given,) = models([str(tmp_path)])
    (named,) = models([f"vllm: {{model: org/base, enable_lora: true, lora_modules: [a={tmp_path}], lora: a}}"])
    assert given.weights == named.weights == str(tmp_path), "not those of the base"
    assert not list(engine.check()) and str(tmp_path) in str(engine.options["lora_modules"])
    for fields, said in (
        ({"peft_type": "IA3"}, "IA3 of CAUSAL_LM"),
        ({"task_type": "SEQ_CLS"}, "LORA of SEQ_CLS"),
        ({"base_model_name_or_path": "models/gone/base"}, "to `models/gone/base`, which is not there"),
    ):
        with pytest.raises(UserError, match=said):
            adapter(**fields)


def test_a_training_that_is_unfinished_is_no_model_yet(tmp_path: Path) -> None:
    training = tmp_path / "training.json"
    training.write_text('{"state": "running", "kind": "dpo"}')
    with pytest.raises(UserError, match=r"unfinished\n.*`smoltalk train` that began it"):
        engine_of(tmp_path)
    training.write_text('{"state": "running", "kind": "dpo", "command": "smoltalk train dpo my.yaml"}')
    with pytest.raises(UserError, match=r"unfinished\n.*go on with: smoltalk train dpo my.yaml") as error:
        engine_of(tmp_path)
    assert "evaluate" not in str(error.value)
    (tmp_path / "checkpoint-20").mkdir()
    (tmp_path / "checkpoint-20" / "trainer_state.json").write_text('{"global_step": 20}')
    with pytest.raises(UserError, match=r"or evaluate what there is: .*checkpoint-20"):
        engine_of(tmp_path)
    training.write_text('{"state": "complete", "kind": "dpo"}')
    with pytest.raises(UserError, match=r"no config\.json"):
        engine_of(tmp_path)


def test_an_adapter_without_vllm_is_to_be_merged(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from smoltalk.eval import session

    lora = here / "lora"
    lora.mkdir()
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 8, "base_model_name_or_path": "org/base"}
    (lora / "adapter_config.json").write_text(json.dumps(config))
    monkeypatch.setattr(session, "lacks", lambda program: "there is no vLLM")
    said = mistakes(["nano", "lora"], ["exact: {data: sums.jsonl}"])
    assert "there is no vLLM" in said and "smoltalk train merge lora --out lora_merged" in said
    assert not (here / "out").exists(), "nothing was asked"
    with pytest.raises(UserError, match="holds no conversations"):  # weights need no engine
        evaluate(models(["lora"]), tasks(["loss: {data: sums.jsonl, group: kind}"]), here / "out", silent)


def test_a_name_that_is_meant_as_a_folder(here: Path) -> None:
    for given in ("nope/", "models/nope", "some/"):
        with pytest.raises(UserError, match="there is no such folder"):
            models([given])
    (here / "models" / "nano_sft").mkdir(parents=True)
    with pytest.raises(UserError, match="did you mean `models/nano_sft`"):
        models(["models/nano_sf"])


def test_a_reference_is_named_as_models_are(here: Path) -> None:
    turns = [{"role": "user", "content": "Hi"}]
    pairs = {"prompt": turns, "chosen": "Hello!", "rejected": "No."}
    lines(here / "pairs.jsonl", pairs)
    (nano,) = models(["nano"])
    for given, weights in (("nano", nano.weights), ("org/name", "org/name"), ("null", None)):
        (task,) = tasks([f"preferences: {{data: pairs.jsonl, reference: {given}}}"]).values()
        assert task.before == weights  # type: ignore[attr-defined]
    for given, hint in (("nanoo", "did you mean `nano`"), ("some.yaml", "no likelihoods"), ("nope/", "no such folder")):
        assert hint in mistakes(["nano"], [f"preferences: {{data: pairs.jsonl, reference: {given}}}"])
    said = mistakes(["nano"], ["preferences: {data: sums.jsonl, reference: nanoo}"])
    assert "is no pair" in said and "no such folder" in said, "both at once"


def test_what_cannot_be_written_is_said_with_its_folder(here: Path) -> None:
    from smoltalk.errors import WorldError

    (here / "file").touch()
    with pytest.raises(WorldError, match="file/out cannot be written") as error:
        Replies(here / "file" / "out" / "replies.jsonl")
    assert not error.value.kept and "--out" in error.value.command


@pytest.mark.parametrize("more", ["", ", nonsense: 1", ", {"])
def test_a_key_on_the_command_line_is_shown_nowhere(more: str) -> None:
    given = f"openai: {{model: x, base_url: 'http://127.0.0.1:9/v1', api_key: sk-SECRET123456789{more}}}"
    try:
        (found,) = models([given])
        told = found.given
    except UserError as error:
        told = str(error)
    assert "model: x" in told and "SECRET" not in told


def test_a_file_of_a_model_is_not_the_model(here: Path) -> None:
    folder = here / "models" / "latin"
    folder.mkdir(parents=True)
    for name in ("config.json", "training.json"):
        (folder / name).write_text("{}")
    with pytest.raises(UserError) as error:
        models(["models/latin/training.json"])
    assert "is a file, and a model is a folder\n    did you mean `models/latin`?" in str(error.value)
