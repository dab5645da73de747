"""`smoltalk benchmarks`: what there is to stay clear of, and how a fingerprint is built again."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smoltalk.cli.screen import complain, say

if TYPE_CHECKING:
    from smoltalk.benchmarks import Fingerprint

app = typer.Typer(name="benchmarks", help="List, show and build benchmark fingerprints.", no_args_is_help=True)

AName = Annotated[
    str, typer.Argument(metavar="NAME", help="A benchmark of `smoltalk benchmarks list`, or a spec file.")
]


@app.command("list")
def list_all() -> None:
    """List the benchmarks and where their fingerprints are."""
    from smoltalk.benchmarks import names, spec
    from smoltalk.benchmarks.shelf import place
    from smoltalk.cli.screen import table

    rows = []
    for name in names():
        chosen, kept = spec(name), place(name)
        items, state = "", f"not built: smoltalk benchmarks build {name}"
        if kept:
            items, state = _state(name, kept)
        rows.append((name, items, state, chosen.licence, chosen.dataset))
    say("\n".join(table([("benchmark", "items", "fingerprint", "licence", "dataset"), *rows], frozenset({1}))))


@app.command()
def show(name: AName) -> None:
    """Show a spec and what its fingerprint was built from."""
    from smoltalk.benchmarks import load
    from smoltalk.benchmarks.shelf import beside_spec, doubts, known, place
    from smoltalk.benchmarks.specs import folder, spec_in

    name, path = known(name)
    ours, chosen = path.parent == folder(), spec_in(path)
    say(f"spec of {name}")
    say("\n".join(_lines(chosen.model_dump(exclude_defaults=True))))
    kept = place(name) if ours else path.with_suffix(".npz")
    if kept is None or not kept.is_file():
        say(f"no fingerprint; build it: smoltalk benchmarks build {name if ours else path}")
        return
    made = load(name) if ours else beside_spec(path)
    say(f"fingerprint {kept}")
    say("\n".join(_lines(made.manifest.model_dump())))
    for doubt in doubts(chosen, made):
        say(f"  note: {doubt}")


@app.command()
def build(
    name: AName,
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="JSONL of its items, in place of the Hub.")
    ] = None,
    origin: Annotated[str, typer.Option(help="Where that file is from, for the manifest.")] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where it goes; else your cache folder, which is read first.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --from: also from other items than the spec's.")] = False,
) -> None:
    """Build a fingerprint, from the Hub or a file of items.

    A line of the file is `{"question": ..., "passage": ..., "choices": [...], "answer": ...}`. Without a file, the rows
    of the commit that the spec pins are read. Another number of items than the spec's, or items without its example,
    are refused. The fingerprint of a spec file goes beside it, where `--against` looks first.
    """
    from smoltalk.benchmarks.shelf import doubts, known, rebuild
    from smoltalk.benchmarks.specs import spec_in

    made, path = rebuild(name, file, origin, out, force)
    say(f"{path}: {_found(made)}, {path.stat().st_size:,} bytes")
    for doubt in doubts(spec_in(known(name)[1]), made):
        complain(f"note: {doubt}")


@app.command()
def everyday(
    corpora: Annotated[Path, typer.Argument(metavar="LIST", help="decontam/wording/everyday.yaml, or one like it.")],
    beside: Annotated[Path, typer.Option("--from", metavar="DIR", help="The folder that holds its files.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the n-grams go.")] = Path("everyday.npz"),
) -> None:
    """Count the n-grams of ordinary conversations anew.

    Fingerprints are weighed against them; those built before are to be built again.
    """
    from smoltalk.benchmarks.everyday import build, corpora_in

    say(f"{out}: {build(corpora_in(corpora), beside, out):,} n-grams")


def _state(name: str, kept: Path) -> tuple[str, str]:
    """How many items a fingerprint has, and whose it is or what is wrong with it."""
    from smoltalk.benchmarks import load
    from smoltalk.benchmarks.specs import folder
    from smoltalk.errors import UserError

    try:
        rows = load(name).manifest.rows
    except UserError as error:
        why = error.problems[0].sentence.partition("` ")[2].partition(" (")[0]
        return "", f"{why}: smoltalk benchmarks build {name}"
    return f"{rows:,}", "shipped" if kept.parent == folder() else str(kept)


def _found(made: "Fingerprint") -> str:
    return f"{made.manifest.items:,} of {made.manifest.rows:,} items can be found"


def _lines(values: dict[str, object]) -> Iterator[str]:
    for key, value in values.items():
        shown = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
        yield f"  {key}: {shown}"
