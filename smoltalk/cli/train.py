"""`smoltalk train`: a model trained by one of TRL's trainers, on rows that were looked at before it is loaded."""

import os
import shlex
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.ending import INTERRUPTED
from smoltalk.cli.opening import settings_of
from smoltalk.cli.progress import Screen
from smoltalk.cli.screen import complain, count, say, span, table
from smoltalk.errors import FactoryError, Problem, UserError, WorldError

if TYPE_CHECKING:
    from smoltalk.train.recipe import Recipe
    from smoltalk.train.results import Results
    from smoltalk.train.session import Looked

app = typer.Typer(name="train", help="Train a model with TRL: sft, dpo or reward.",
                  no_args_is_help=True)  # fmt: skip

_Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="A recipe: TRL's keys and `data:`.")]
_Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key; may be given often.")
]
_Out = Annotated[Path | None, typer.Option(metavar="DIR", help="The model's folder.  [default: models/NAME]")]
_Check = Annotated[bool, typer.Option("--check", help="Look at the recipe and every row; load no model.")]


@app.command()
def sft(config: _Config, sets: _Sets = None, out: _Out = None, check: _Check = False) -> None:
    """Fine-tune a model on conversations.

    On a folder that is unfinished, go on from its last checkpoint.
    """
    _go("sft", config, sets, out, check)


@app.command()
def dpo(config: _Config, sets: _Sets = None, out: _Out = None, check: _Check = False) -> None:
    """Train a model on pairs of answers.

    On a folder that is unfinished, go on from its last checkpoint.
    """
    _go("dpo", config, sets, out, check)


@app.command()
def reward(config: _Config, sets: _Sets = None, out: _Out = None, check: _Check = False) -> None:
    """Train a reward model on pairs of answers.

    On a folder that is unfinished, go on from its last checkpoint.
    """
    _go("reward", config, sets, out, check)


def _go(kind: str, config: Path, sets: list[str] | None, out: Path | None, check: bool) -> None:
    from smoltalk.train.recipe import read

    if out is not None and str(out) == "":
        raise UserError([Problem("--out", 0, "names no folder")])
    recipe = read(kind, config, settings_of(sets), out)  # type: ignore[arg-type]
    screen = Screen()
    if check:
        _check_only(recipe, screen)
        return
    from smoltalk.train.session import Interrupted, train

    command = _command(kind, config, sets or (), out)
    first = os.environ.get("RANK", "0") == "0"
    try:
        results, done = train(
            recipe, lambda line: screen.see(lambda: line) if first else None,
            lambda looked: _tell(looked, screen) if first else None, command,
        )  # fmt: skip
    except Interrupted as stop:
        screen.end()
        if first:
            complain(str(stop))
        raise typer.Exit(INTERRUPTED) from None
    except KeyboardInterrupt:
        screen.end()
        complain(f"interrupted; what is in {recipe.out} is kept\n    go on with: {command}")
        raise typer.Exit(INTERRUPTED) from None
    except FactoryError:
        screen.end()
        raise
    screen.end()
    if first:
        _account(recipe, results, done)


def _command(kind: str, config: Path, sets: Sequence[str], out: Path | None) -> str:
    """What was called, as a shell takes it, without secrets."""
    from smoltalk.redaction import redact_setting

    given = [(name, sign, text) for name, sign, text in (one.partition("=") for one in sets)]
    said = [f"{name}{sign}{redact_setting(name, text)}" for name, sign, text in given]
    pairs = [word for one in said for word in ("--set", one)]
    return shlex.join(
        ["smoltalk", "train", kind, str(config), *pairs, *(["--out", str(out)] if out is not None else [])]
    )


@app.command()
def merge(
    adapter: Annotated[Path, typer.Argument(metavar="ADAPTER", help="A folder that `use_peft: true` made.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The whole model's folder.")],
) -> None:
    """Put a LoRA adapter into the weights it was trained beside."""
    if find_spec("peft") is None:
        raise WorldError("merging needs peft, not installed here", command="pip install 'smoltalk-factory[train]'")
    from smoltalk.train.merging import merge as merged

    merged(adapter, out)
    say("\n".join(table([(str(out), "the whole model")])))


def _check_only(recipe: "Recipe", screen: Screen) -> None:
    import tempfile

    from smoltalk.train.session import look

    with tempfile.TemporaryDirectory(prefix="smoltalk-") as folder:
        looked = look(recipe, Path(folder), lambda line: screen.see(lambda: line), only=True)
        screen.end()
        _tell(looked, screen)


def _tell(looked: "Looked", screen: Screen) -> None:
    """What is going to be trained, on what."""
    screen.end()
    recipe, seen, args = looked.recipe, looked.checked, looked.args
    start = f"{recipe.given['model_name_or_path']}{' (random weights)' if recipe.ours.from_scratch else ''}"
    learned = "" if seen.learned == seen.tokens else f", {seen.learned:,} of them learned"
    batch = args.per_device_train_batch_size * args.gradient_accumulation_steps * max(1, args.world_size)
    lines = [
        ("model", start),
        ("rows", f"{looked.rows.origin}: {seen.rows:,} to train on, {seen.held_out:,} held out"),
        ("tokens", f"{seen.tokens:,}{learned}; the longest row has {seen.longest:,}"),
        ("a step", f"{count(batch, 'row')}" + (", packed" if getattr(args, "packing", False) else "")),
        ("goes to", str(recipe.out)),
    ]
    say(f"{recipe.name}: {recipe.kind}")
    say("\n".join(table(lines)))
    for remark in seen.remarks():
        say(f"  ! {remark}")


def _account(recipe: "Recipe", results: "Results", done: bool) -> None:
    from smoltalk.train.card import write_card
    from smoltalk.train.drawing import draw
    from smoltalk.train.page import measured

    if done:
        say(f"{recipe.out} is complete: nothing is left to do")
    card = write_card(results, recipe.out)
    page, undrawn = draw(recipe.out)
    say(f"\n{count(results['steps'], 'step')} in {span(results['seconds'])}")
    if rows := list(measured(results)):
        say("\n".join(table([("held out", "before", "after"), *rows], frozenset({1, 2}))))
    say()
    drawn = [] if undrawn else [(str(page), "curves and samples")]
    say("\n".join(table([(str(recipe.out), "the model"), *drawn, (str(card), "its card")])))
    if undrawn:
        say(f"  ! {undrawn}")
