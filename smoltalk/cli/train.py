"""`smoltalk train`: a model trained by one of TRL's trainers, on rows that were looked at before it is loaded."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.ending import INTERRUPTED
from smoltalk.cli.opening import settings_of
from smoltalk.cli.progress import Screen
from smoltalk.cli.screen import complain, count, say, span, table
from smoltalk.errors import FactoryError, Problem, UserError

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

    command = " ".join(["smoltalk train", kind, str(config), *(f"--set {one}" for one in sets or ()),
                        *([f"--out {out}"] if out is not None else [])])  # fmt: skip
    first = os.environ.get("RANK", "0") == "0"
    try:
        results, done = train(
            recipe, lambda line: screen.see(lambda: line) if first else None,
            lambda looked: _tell(looked, screen) if first else None, command,
        )  # fmt: skip
    except Interrupted as stop:
        screen.end()
        complain(str(stop))
        raise typer.Exit(INTERRUPTED) from None
    except KeyboardInterrupt:
        screen.end()
        complain(f"interrupted; checkpoints in {recipe.out} are kept\n    go on with: {command}")
        raise typer.Exit(INTERRUPTED) from None
    except FactoryError:
        screen.end()
        raise
    screen.end()
    if first:
        _account(recipe, results, done)


def _check_only(recipe: "Recipe", screen: Screen) -> None:
    import tempfile

    from smoltalk.train.session import look

    with tempfile.TemporaryDirectory(prefix="smoltalk-") as folder:
        looked = look(recipe, Path(folder), lambda line: screen.see(lambda: line))
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
    from smoltalk.train.page import measured, write_page

    if done:
        say(f"{recipe.out} is complete: nothing is left to do")
    page, card = write_page(results, recipe.out), write_card(results, recipe.out)
    say(f"\n{results['steps']:,} steps in {span(results['seconds'])}")
    if rows := list(measured(results)):
        say("\n".join(table([("held out", "before", "after"), *rows], frozenset({1, 2}))))
    say()
    say("\n".join(table([(str(recipe.out), "the model"), (str(page), "curves and samples"), (str(card), "its card")])))
