"""`smoltalk eval` as it is called: figures on the screen, mistakes as sentences, what is handed to other suites."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Smoltalk

RULES = 'rules: [{when: "(\\\\d+) plus 1", say: ["The answer is {{ m[1]|int + 1 }}."]}, {say: ["Hm."]}]'


@pytest.fixture
def sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("rules.yaml").write_text(RULES)
    Path("some.yaml").write_text("scripted: {replies: rules.yaml}\n")
    rows = [{"question": f"What is {n} plus {1 + n % 2}?", "answer": str(n + 1 + n % 2)} for n in range(20)]
    Path("sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_figures_with_intervals(sums: Path, smoltalk: Smoltalk) -> None:
    said = smoltalk("eval", "some.yaml", "--tasks", "exact: {data: sums.jsonl}")
    assert said.code == 0 and "50.0 %" in said.out and "[30.0, 70.0]" in said.out
    assert (sums / "evals" / "some" / "report.html").is_file()
    again = smoltalk("eval", "some.yaml", "--tasks", "exact: {data: sums.jsonl}")
    assert "20 replies were kept" in again.out


def test_a_page_that_cannot_be_drawn_leaves_the_figures(
    sums: Path, smoltalk: Smoltalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "false")
    said = smoltalk("eval", "some.yaml", "--tasks", "exact: {data: sums.jsonl}")
    assert said.code == 0 and "50.0 %" in said.out and "report.html" not in said.out and "results.json" in said.out
    assert "report.html could not be drawn: memory may be short; the same command tries again" in said.err


def test_two_models_and_json(sums: Path, smoltalk: Smoltalk) -> None:
    Path("other.yaml").write_text("scripted: {replies: more.yaml}\n")
    Path("more.yaml").write_text(
        'rules: [{when: "(\\\\d+) plus (\\\\d+)", say: ["The answer is {{ m[1]|int + m[2]|int }}."]}]'
    )
    given = ("eval", "other.yaml", "--against", "some.yaml", "--tasks", "exact: {data: sums.jsonl}", "--out", "out")
    said = smoltalk(*given)
    assert said.code == 0 and "other +50.0 points" in said.out and "better (p = 0.002 of 20 items)" in said.out
    found = json.loads(smoltalk(*given, "--json").out)
    assert [one["name"] for one in found["models"]] == ["other", "some"]
    assert found["versus"][0]["difference"]["value"] == 0.5


def test_mistakes_are_sentences(sums: Path, smoltalk: Smoltalk) -> None:
    for given, sentence in (
        (["some.yaml"], "--tasks  names no task"),
        ([], "MODEL  names no model"),
        (["nano", "--tasks", "curriculum", "--against", "nope/"], "nope/  is no model: there is no such folder"),
        (["some.yaml", "--tasks", "ifevil"], "no task `ifevil`\n    did you mean `ifeval`?"),
        (["nowhere/at/all", "--tasks", "curriculum"], "there is no such folder"),
        (["some.yaml", "--tasks", "curriculum", "--prompts", "x"], "are for `ifeval` and `side_by_side`"),
        (["nano", "--tasks", "loss: {data: sums.jsonl}"], "holds no conversations"),
        (["nanoo", "--tasks", "ifevil", "--judge", "x/y/z"], "no task `ifevil`"),
        (["nanoo", "--tasks", "ifevil", "--judge", "x/y/z"], "nanoo  is no model"),
        (["nanoo", "--tasks", "ifevil", "--judge", "x/y/z"], "x/y/z  is no model"),
    ):
        said = smoltalk("eval", *given)
        assert said.code == 2 and sentence in said.err and "Traceback" not in said.err, given


def test_the_list_of_tasks_and_another_suites_command(sums: Path, smoltalk: Smoltalk) -> None:
    said = smoltalk("eval", "--list")
    assert "what a trainer calls the\n      loss\n" in said.out, "no sentence is cut"
    assert "right: answers that are the one in the data" in said.out and "shots, shots_from, group" in said.out
    assert said.code == 0 and all(name in said.out for name in ("ifeval", "gsm8k", "side_by_side", "preferences"))
    handed = smoltalk("eval", "org/model", "--tasks", "ifeval", "--suite", "lm-eval")
    assert handed.code == 0 and handed.out.startswith("lm_eval --model vllm --model_args pretrained=org/model")


def test_an_engine_that_dies_says_what_is_kept(sums: Path, smoltalk: Smoltalk, monkeypatch: pytest.MonkeyPatch) -> None:
    from smoltalk.engines.scripted import Scripted
    from smoltalk.errors import WorldError

    asked, complete = [], Scripted.complete

    async def dying(self: Any, request: Any) -> Any:
        asked.append(request)
        if len(asked) == 6:
            raise WorldError("the power went")
        return await complete(self, request)

    monkeypatch.setattr(Scripted, "complete", dying)
    given = ("eval", "some.yaml", "--tasks", "exact: {data: sums.jsonl}", "--out", "out")
    monkeypatch.setattr("sys.argv", ["smoltalk", *given])
    said = smoltalk(*given)
    assert said.code == 3 and "the power went\n    kept: all replies so far, in out\n" in said.err
    assert "go on with: smoltalk eval some.yaml --tasks 'exact: {data: sums.jsonl}' --out out" in said.err
    assert smoltalk(*given).code == 0 and len(asked) == 21, "one was lost, and none is asked twice"


def test_prompts_are_for_the_tasks_that_are_prompts(sums: Path, smoltalk: Smoltalk) -> None:
    Path("p.jsonl").write_text('{"prompt": "Hi", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}\n')
    said = smoltalk("eval", "some.yaml", "--tasks", "ifeval, side_by_side,curriculum", "--prompts", "p.jsonl",
                    "--limit", "3", "--json", "--against", "b=some.yaml", "--judge", "some.yaml")  # fmt: skip
    found = json.loads(said.out)["tasks"]
    assert [found[name].get("data") for name in ("ifeval", "side_by_side", "curriculum")] == ["p.jsonl"] * 2 + [None]


def test_a_model_is_compared_with_by_its_own_name(sums: Path, smoltalk: Smoltalk) -> None:
    given = ("one=some.yaml", "two=some.yaml", "--against", "two", "--tasks", "exact: {data: sums.jsonl}", "--json")
    (versus, _) = json.loads(smoltalk("eval", *given).out)["versus"]
    assert (versus["model"], versus["against"], versus["difference"]["p"]) == ("one", "two", 1)


def test_nothing_is_said_to_be_kept_where_nothing_is(
    sums: Path, smoltalk: Smoltalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smoltalk.engines.scripted import Scripted
    from smoltalk.errors import WorldError

    async def absent(self: Any, folder: Path) -> None:
        raise WorldError("there is no such program")

    monkeypatch.setattr(Scripted, "start", absent)
    said = smoltalk("eval", "some.yaml", "--tasks", "exact: {data: sums.jsonl}")
    assert said.code == 3 and "there is no such program" in said.err and "kept" not in said.err
    Path("file").touch()
    said = smoltalk("eval", "some.yaml", "--tasks", "exact: {data: sums.jsonl}", "--out", "file/out")
    assert said.code == 3 and "file/out cannot be written" in said.err and "kept" not in said.err


def test_a_trainings_loss_and_the_tasks_are_told_apart(sums: Path) -> None:
    from smoltalk.cli.evaluate import _trained
    from smoltalk.eval.naming import models, tasks

    (model,) = models(["some.yaml"])
    trained = {"state": "complete", "kind": "sft", "before": {"loss": 3.4}, "after": {"loss": 2.7}}
    Path("m").mkdir()
    Path("m/training.json").write_text(json.dumps({**trained, "recipe": {}, "data": {"learned": 5, "tokens": 5}}))
    model = type(model)("m", model.engine, "m")
    held = "\n".join(_trained([model], tasks(["loss: {data: sums.jsonl}"])))
    assert "2.700" in held and "`loss` below is of the assistant's tokens of sums.jsonl" in held
    assert "other rows" not in held  # the task may be of those that the training held out
    assert "of all tokens" in "\n".join(_trained([model], tasks(["loss: {data: sums.jsonl, of: all}"])))
    assert "below" not in "\n".join(_trained([model], tasks(["curriculum"])))


def test_an_ablation_says_whose_mistake_it_is(sums: Path, smoltalk: Smoltalk) -> None:
    sources = ", ".join(f"{name}: {{files: {name}.jsonl, licence: mit}}" for name in ("talk", "more"))
    Path("mix.yaml").write_text(f"name: two\nmix: {{sources: {{{sources}}}}}\n")
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    for name in ("talk", "more"):
        Path(f"{name}.jsonl").write_text(json.dumps({"messages": turns}) + "\n")
    Path("proxy.yaml").write_text("model_name_or_path: nano\ndata: {files: talk.jsonl}\n")
    given = ("ablate", "mix.yaml", "--recipe", "proxy.yaml")
    said = smoltalk(*given, "--train", "learning_rte=1")
    assert said.code == 2 and "--train learning_rte=1" in said.err and "--set" not in said.err
    said = smoltalk(*given, "--train", "learning_rate")
    assert said.code == 2 and "--train learning_rate  write it as" in said.err
    said = smoltalk(*given, "--kind", "dpo")
    assert said.code == 2 and "`dpo` does not learn from conversations" in said.err and not Path("ablations").exists()


def test_ablate_says_all_mistakes_before_anything_is_made(sums: Path, smoltalk: Smoltalk) -> None:
    rows = [{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}]
    for name in ("a", "b"):
        Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sources = "".join(f"    {name}: {{files: {name}.jsonl, licence: mit}}\n" for name in ("a", "b"))
    Path("mix.yaml").write_text(f"name: m\nmix:\n  sources:\n{sources}")
    Path("proxy.yaml").write_text("model_name_or_path: nano\ndata: {run: r}\nlearning_rte: 1\nmax_lenght: 2\n")
    given = ("ablate", "mix.yaml", "--recipe", "proxy.yaml")
    said = smoltalk(*given, "--tasks", "los", "--without", "nose")
    assert said.code == 2 and not Path("ablations").exists()
    assert "--out  mix.yaml is a file, not a folder" in smoltalk(*given, "--out", "mix.yaml").err
    for word in ("no source or gate `nose`", "`learning_rte`", "`max_lenght`", "no task `los`"):
        assert word in said.err, word
    said = smoltalk(*given)
    assert "mix.yaml  the mixture holds no rows back as `test`" in said.err and "`learning_rte`" in said.err
    Path("mix.yaml").write_text("name: m\nmix: {sauces: 1}\n")
    said = smoltalk(*given)
    assert "sauces" in said.err and "`learning_rte`" in said.err
    assert "holds no rows back" not in said.err
