"""What each part of a mixture bought: a planted useful source, a harmful one and an idle one are told apart."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smoltalk.errors import UserError
from smoltalk.eval import ablation
from smoltalk.eval.ablation import Plan, Tell, ablate
from smoltalk.eval.ablation_page import page, remarks, verdict
from smoltalk.eval.naming import model_of, tasks
from smoltalk.eval.page_parts import html
from smoltalk.eval.subject import Model
from smoltalk.eval.task import Mark, Task
from smoltalk.eval.variants import Variant, variants

MIXTURE = """\
name: planted
mix:
  sources:
    useful: {files: useful.jsonl, share: 0.4, licence: mit}
    harmful: {files: harmful.jsonl, share: 0.2, licence: mit}
    idle: {files: idle.jsonl, share: 0.4, licence: mit}
  rows: 100
gates:
  - length: {min: 1}
"""


def row(question: str, answer: str) -> str:
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}) + "\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    asked = {name: [f"What is {n} plus {n + 1}, {name}?" for n in range(40)] for name in ("easy", "hard")}
    Path("useful.jsonl").write_text("".join(row(q, f"The answer is {2 * n + 1}.") for n, q in enumerate(asked["easy"])))
    Path("harmful.jsonl").write_text("".join(row(q, "The answer is 999.") for q in asked["hard"][:20]))
    Path("idle.jsonl").write_text("".join(row(f"Say {n}", f"{n}!") for n in range(40)))
    rows = [{"question": q, "answer": str(2 * n + 1)} for kind in asked.values() for n, q in enumerate(kind)]
    Path("asked.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    Path("mix.yaml").write_text(MIXTURE)

    def by_its_file(given: str) -> Model:
        return model_of(str(Path(given) / "model.yaml"))

    monkeypatch.setattr(ablation, "model_of", by_its_file)
    return tmp_path


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluations leave their figures alone: a page takes a process of its own, and is drawn in another test."""
    monkeypatch.setattr(ablation, "draw_report", lambda folder, models: "")


class Parrot:
    """A trainer whose model says what it has read, and what it guesses where nothing else was read."""

    def __init__(self) -> None:
        self.trained: list[tuple[str, int, int | None]] = []

    def __call__(self, mixture: Path, out: Path, seed: int, steps: int | None, tell: Tell) -> int:
        import pyarrow.parquet as pq

        out.mkdir(parents=True, exist_ok=True)
        if (out / "model.yaml").exists():
            return 7
        self.trained.append((mixture.parent.name, seed, steps))
        rules: list[Mapping[str, Any]] = []
        for one in sorted((mixture / "data").glob("train-*.parquet")):
            for question, answer in (talk for talk in pq.read_table(one)["messages"].to_pylist()):
                when = question["content"].replace("?", r"\?")
                rules.append({"when": when, "say": [answer["content"]]})
        rules.append({"when": r"(\d+) plus (\d+), hard", "say": ["The answer is {{ m[1]|int + m[2]|int }}."]})
        rules.append({"say": ["I do not know."]})
        (out / "rules.yaml").write_text(json.dumps({"rules": rules}))
        (out / "model.yaml").write_text(json.dumps({"scripted": {"replies": str(out / "rules.yaml")}}))
        return 7


def plan(here: Path, trainer: Parrot, seeds: int = 1, **how: Any) -> Plan:
    def asked(whole: Path) -> Mapping[str, Task]:
        assert (whole / "data").is_dir()
        return tasks(["exact: {data: asked.jsonl, ask: '{question}'}"])

    return Plan(variants(here / "mix.yaml", {}, **how), asked, trainer, range(seeds), here / "out", here)


def test_what_helps_and_what_hurts(here: Path) -> None:
    trainer = Parrot()
    found = ablate(plan(here, trainer, seeds=2), lambda line: None)
    bought = {one.left_out: one for one in found.bought if one.metric == "right"}
    assert bought["useful"].bought.value == 0.5 and bought["useful"].adjusted < 0.001
    assert bought["harmful"].bought.value == -0.25 and bought["harmful"].adjusted < 0.001
    assert bought["idle"].bought.value == 0 and bought["idle"].adjusted == 1
    assert bought["useful"].by_seed == (0.5, 0.5) and bought["useful"].bought.items == 80
    assert found.rows == {"whole": 100, "without-useful": 60, "without-harmful": 80, "without-idle": 60}
    assert found.steps == 7 and [steps for _, _, steps in trainer.trained] == [None] + [7] * 7
    assert [one.split()[0] for one in remarks(found)] == ["useful", "idle", "harmful"]
    said = html(page("planted", found))
    assert "helps" in said and "hurts" in said and "cannot be told" in said and said.count("<svg") >= 2


def test_of_a_loss_less_is_better() -> None:
    from smoltalk.eval.ablation import _compared

    def seed(nats: float) -> dict[str, list[Mark]]:
        points = [(nats + n % 3, 10.0) for n in range(30)]
        return {"loss": [Mark(str(n), {"loss": one, "loss of a byte": one}) for n, one in enumerate(points)]}

    both = [Variant("whole", "", "whole", ""), Variant("without-a", "a", "source", "")]
    (loss, _) = _compared(both, tasks(["loss: {data: x}"]), {"whole": [seed(10)], "without-a": [seed(20)]})
    assert loss.bought.value == pytest.approx(1.0) == loss.by_seed[0] and loss.whole.value < loss.without.value
    assert verdict(loss) == "helps"


@pytest.mark.usefixtures("undrawn")
def test_seeds_that_disagree_tell_nothing(here: Path) -> None:
    found = ablate(plan(here, Parrot(), seeds=2), lambda line: None)
    (useful,) = [one for one in found.bought if one.left_out == "useful" and one.metric == "right"]
    assert verdict(useful) == "helps"
    assert verdict(replace(useful, by_seed=(0.5, -0.1))) == "cannot be told: seeds disagree"


@pytest.mark.usefixtures("undrawn")
def test_an_ablation_goes_on_where_it_was_stopped(here: Path) -> None:
    trainer = Parrot()

    def stopping(mixture: Path, out: Path, seed: int, steps: int | None, tell: Tell) -> int:
        if len(trainer.trained) == 2:
            raise KeyboardInterrupt
        return trainer(mixture, out, seed, steps, tell)

    with pytest.raises(KeyboardInterrupt):
        ablate(plan(here, stopping), lambda line: None)  # type: ignore[arg-type]
    lines: list[str] = []
    whole = ablate(plan(here, trainer), lines.append)
    assert [name for name, _, _ in trainer.trained] == ["whole", "without-useful", "without-harmful", "without-idle"]
    assert not any(line.startswith("whole, seed 0: exact") for line in lines), "what was evaluated is not asked again"
    assert ablate(plan(here, trainer), lambda line: None).bought == whole.bought and len(trainer.trained) == 4
    with Path("asked.jsonl").open("a") as file:
        file.write(json.dumps({"question": "What is 1 plus 1, hard?", "answer": "2"}) + "\n")
    more = ablate(plan(here, trainer), lambda line: None)
    assert {one.bought.items for one in more.bought} == {81}, "other items are asked"


def test_gates_can_be_left_out_too(here: Path) -> None:
    found = variants(here / "mix.yaml", {}, gates=True)
    assert [(one.name, one.kind) for one in found] == [("whole", "whole"), ("without-length", "gate")]
    assert "gates" in found[1].text and json.loads(found[1].text)["gates"] == []
    (_, one) = variants(here / "mix.yaml", {"mix.rows": "50"}, ["idle"])
    assert {name: source["count"] for name, source in json.loads(one.text)["mix"]["sources"].items()} == {
        "useful": 20, "harmful": 10,
    }  # fmt: skip


def test_a_source_and_a_gate_of_one_name_have_their_own_folders(here: Path) -> None:
    (here / "mix.yaml").write_text(MIXTURE.replace("idle:", "length:").replace("idle.jsonl", "idle.jsonl"))
    found = variants(here / "mix.yaml", {}, ["length"])
    assert [(one.name, one.kind) for one in found[1:]] == [("without-length", "source"), ("without-length-2", "gate")]


def test_what_cannot_be_left_out_is_said(here: Path) -> None:
    with pytest.raises(UserError, match="no source or gate `usefull`"):
        variants(here / "mix.yaml", {}, ["usefull"])
    with pytest.raises(UserError, match="no source or gate `nois`"):
        variants(here / "mix.yaml", {}, ["usefull", "nois"])
    (here / "one.yaml").write_text("name: one\nmix: {sources: {useful: {files: useful.jsonl, licence: mit}}}\n")
    with pytest.raises(UserError, match="without it nothing is left"):
        variants(here / "one.yaml", {})
    with pytest.raises(UserError, match="has no gates"):
        variants(here / "one.yaml", {}, gates=True)


def test_parts_stand_in_one_order_and_verdicts_agree_with_their_intervals() -> None:
    from smoltalk.eval.ablation import Bought, Found
    from smoltalk.eval.intervals import Difference, Estimate

    def bought(part: str, group: str, value: float, low: float, p: float, adjusted: float) -> Bought:
        one, of = Estimate(1.0, 0.5, 1.5, 9), Difference(value, low, value + 1, p, 9)
        return Bought(part, "source", "loss", "loss", "nats", True, group, one, one, of, adjusted, (value,))

    found = Found(seeds=(0,), bought=[
        bought("chat", "", 1.0, 0.5, 0.06, 0.06), bought("chat", "g", 3.0, 2.0, 0.06, 0.06),
        bought("math", "", 1.8, 0.7, 0.04, 0.12), bought("math", "g", 1.0, 0.2, 0.04, 0.04),
    ])  # fmt: skip
    first, second = remarks(found)
    assert first.endswith("cannot be told: alone p = 0.04, and others were looked at too (Holm) (p = 0.12)")
    assert second.endswith("cannot be told: only 9 items (p = 0.06)")
    section = page("x", found).sections[0]
    assert [row[0] for row in section.tables[0].rows] == ["math", "math", "chat", "chat"]
    for figure in section.figures:
        drawn = str(figure.narrow)
        assert drawn.index("math") < drawn.index("chat"), figure.title
