"""`smoltalk check` and `smoltalk schema`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import PIPELINE, ROOT, Smoltalk, same_as


def test_a_sound_pipeline_is_described(smoltalk: Smoltalk) -> None:
    said = smoltalk("check", "six.yaml")
    assert (said.code, said.err) == (0, "")
    same_as("check_sound", said.out)


def test_every_mistake_of_every_file_is_said(smoltalk: Smoltalk, here: Path) -> None:
    broken = PIPELINE.replace("attempts: 2", "atempts: 2").replace("of: response", "of: respones")
    (here / "broken.yaml").write_text(broken)
    (here / "other.yaml").write_text(PIPELINE.replace("name: six", "name: Not A Folder"))
    said = smoltalk("check", "broken.yaml", "six.yaml", "other.yaml", "missing.yaml")
    assert said.code == 2
    assert said.out.startswith("six.yaml  ok\n"), "what is sound is described all the same"
    same_as("check_broken", said.err)


def test_what_a_file_says_cannot_act_on_the_terminal(smoltalk: Smoltalk, here: Path) -> None:
    (here / "odd.yaml").write_text('name: "\\e[2J"\nsteps: []\n')
    said = smoltalk("check", "odd.yaml")
    assert said.code == 2 and "\x1b" not in said.err
    (here / "six.yaml").write_text(PIPELINE + 'description: "\\e[2J"\n')
    said = smoltalk("check", "six.yaml")
    assert said.code == 0 and r"\x1b[2J" in said.out


def test_schema_is_json(smoltalk: Smoltalk) -> None:
    said = smoltalk("schema")
    assert said.code == 0 and json.loads(said.out)["title"] == "SmolTalk Factory pipeline"


@pytest.mark.parametrize(("shell", "code", "said"), [("| true", 141, ""), ("> /dev/full", 3, "the output cannot be")])
def test_output_that_nobody_can_read(here: Path, shell: str, code: int, said: str) -> None:
    command = f"{sys.executable} -m smoltalk schema {shell}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=here, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == code and done.stderr.startswith(said) and (said or not done.stderr)


def test_a_setting_is_checked_as_a_run_would_take_it(smoltalk: Smoltalk) -> None:
    said = smoltalk("check", "six.yaml", "--set", "target.accepted=7")
    assert said.code == 0 and "when 7 rows are accepted" in said.out
    said = smoltalk("check", "six.yaml", "--set", "target.max_atempts=7")
    assert said.code == 2 and "did you mean `max_attempts`?" in said.err
    said = smoltalk("check", "six.yaml", "--set", "engines.judg={nano_reward: {}}")
    assert said.code == 2 and "did you mean `judge`?" in said.err


def test_a_misspelt_limit_beside_the_one_that_is_meant(smoltalk: Smoltalk, here: Path) -> None:
    (here / "six.yaml").write_text(PIPELINE + "target: {max_attempts: 9}\n")
    said = smoltalk("check", "six.yaml", "--set", "target.max_atempts=7")
    assert said.code == 2 and "did you mean `max_attempts`?" in said.err
