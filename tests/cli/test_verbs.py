"""The set of verbs and options, frozen; and that asking for help loads nothing heavy."""

import subprocess
import sys
from pathlib import Path

import typer

from smoltalk import __version__
from smoltalk.cli import app
from tests.cli.conftest import ROOT, Smoltalk, same_as


def test_verbs_and_options_are_these() -> None:
    """By name, not as laid out: the layout is typer's."""
    lines = []
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        given = [p.opts[0] if p.param_type_name == "option" else p.metavar or p.name for p in command.params]
        lines.append(" ".join(["smoltalk", name, *given]))
    same_as("verbs", "\n".join(lines) + "\n")


def test_every_verb_and_option_says_what_it_is() -> None:
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        assert command.help and len(command.help.splitlines()[0]) <= 60, name
        assert all(getattr(p, "help", None) for p in command.params), name


def test_help_and_version(smoltalk: Smoltalk) -> None:
    said = smoltalk("--help")
    assert said.code == 0 and "Exit codes" in said.out and "preview" in said.out
    assert smoltalk("--version").out == f"smoltalk {__version__}\n"
    assert smoltalk("run", "-h").code == 0
    assert smoltalk("paint").code == 2


def test_help_loads_nothing_heavy() -> None:
    program = "import sys, smoltalk.cli; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    heavy = {"distilabel", "datasets", "pyarrow", "numpy", "rich", "torch", "pydantic", "yaml", "jinja2", "asyncio"}
    assert not heavy & set(done.stdout.split())


def test_check_loads_nothing_of_a_run(here: Path) -> None:
    program = "import sys, smoltalk.cli; smoltalk.cli.main(['check', 'six.yaml']); print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=here,
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert "ok" in done.stdout and not {"distilabel", "datasets", "pyarrow", "rich", "torch"} & set(done.stdout.split())
