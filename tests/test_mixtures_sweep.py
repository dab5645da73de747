"""The mixtures that ship: one checks clean, the other is made by the commands in its own opening comment."""

import json
import os
import re
from pathlib import Path

import pytest

from smoltalk.catalog import data_folder
from smoltalk.cli import main
from smoltalk.mixture.source import wanted
from smoltalk.pipeline import load
from smoltalk.pipeline.mixes import is_mixture, mixture

FOLDER = data_folder("pipelines")
PAGE = Path(__file__).parent.parent / "docs" / "mixtures.md"
MIXTURES = [path for path in sorted(FOLDER.glob("*.yaml")) if is_mixture(path.read_text("utf-8"))]


def opening(path: Path) -> list[str]:
    """The commands of the comment that a file begins with."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = lines[: next(i for i, line in enumerate(lines) if not line.startswith("#"))]
    return [line.removeprefix("#   ") for line in comment if line.startswith("#   smoltalk ")]


@pytest.mark.parametrize("path", MIXTURES, ids=lambda p: p.stem)
def test_mixture_opens_with_the_command_that_makes_it(path: Path) -> None:
    assert opening(path)[-1] == f"smoltalk mix pipelines/{path.name}"


def test_smoltalk_is_mixed_from_its_thirteen_parts(capsys: pytest.CaptureFixture[str]) -> None:
    path = FOLDER / "smoltalk_mix.yaml"
    pipeline = load(path)
    part = mixture(pipeline)
    assert part is not None and len(part.mix.sources) == 13
    assert sum(n or 0 for n in wanted(part.mix).values()) == part.mix.rows
    assert all(source.revision for source in part.mix.sources.values()), "a source that can change is no recipe"
    assert "decontaminate" in {gate.name for gate in pipeline.gates}
    unlicensed = {name for name, licence in part.licences().items() if licence is None}
    assert unlicensed == {"openhermes-100k", "longalign"}, "their cards state none"
    assert main(["check", str(path)]) == 0 and "`smoltalk push` will refuse it" in capsys.readouterr().out


def same_in_docs(name: str, command: str, said: str) -> None:
    """Hold a block of the page against what a command says, but for times; `REGENERATE=1` writes it anew."""
    text = PAGE.read_text(encoding="utf-8")
    block = f"```\n$ {command}\n{said.strip()}\n```"
    marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
    filled, found = re.subn(marks, lambda m: f"{m[1]}{block}\n{m[2]}", text, flags=re.S)
    assert found == 1, f"{PAGE} has no block {name}"
    if os.environ.get("REGENERATE"):
        PAGE.write_text(filled, encoding="utf-8")
    else:
        assert timeless(text) == timeless(filled), "REGENERATE=1"


def timeless(text: str) -> str:
    return re.sub(r"\d+(\.\d+)? (s|min)\b", "_ s", text)


def test_the_quickstart_mixture_is_made_as_its_comment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from datasets import load_dataset

    monkeypatch.chdir(tmp_path)
    (tmp_path / "pipelines").symlink_to(FOLDER)
    path = Path("pipelines/quickstart_mix.yaml")
    assert main(["check", str(path)]) == 2, "its runs are not there yet"
    *before, last = opening(path)
    for command in before:
        assert main(command.split()[1:]) == 0, command
    capsys.readouterr()
    for name, command in (("check", f"smoltalk check {path}"), ("ending", last)):
        assert main(command.split()[1:]) == 0, command
        same_in_docs(name, command, capsys.readouterr().out)
    pipeline = load(path)
    assert "decontaminate" in {gate.name for gate in pipeline.gates}
    part = mixture(pipeline)
    assert part is not None
    run = tmp_path / "runs" / pipeline.name
    loaded = load_dataset(str(run), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == set(part.mix.splits)
    counted = dict.fromkeys(part.mix.sources, 0)
    for split in loaded.values():
        for row in split:
            counted[row["source"]] += 1
            assert row["messages"] and row["tokens"] <= (part.mix.max_tokens or 0)
    assert counted == wanted(part.mix)
    evidence = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    assert evidence["pipeline"]["name"] == pipeline.name
