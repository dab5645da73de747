"""`smoltalk classifier`: a small classifier from a run whose rows a model has scored."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smoltalk.cli.opening import ARun
from smoltalk.cli.screen import count, say, table
from smoltalk.errors import Problem, UserError, WorldError, nearest

if TYPE_CHECKING:
    from smoltalk.text_classifier import TextClassifier

_FIGURES = {
    "f1": "F1 of telling good texts (1 is best)",
    "f1_of_all": "F1 of calling every text good",
    "best_f1": "F1 when scores are cut at {best_cut:.2f}, the best place for these texts",
    "precision": "of the texts it calls good, the share that is",
    "recall": "of the good texts, the share that it finds",
    "pearson": "correlation with the teacher's scores",
    "spearman": "correlation with the teacher's order",
    "error": "points it is off on average",
}


def classifier(
    run: ARun,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    label: Annotated[str, typer.Option(metavar="COLUMN", help="The teacher's scores, numbers.")] = "score",
    of: Annotated[str, typer.Option(metavar="COLUMN", help="The texts.")] = "text",
    cut: Annotated[
        float | None, typer.Option(help="From here on a text is good.  [default: halfway between the extremes]")
    ] = None,
    bits: Annotated[int, typer.Option(min=8, max=24, help="Words are hashed into 2^BITS buckets.")] = 16,
) -> None:
    """Train a small classifier on the scores of a run.

    Prints how well it agrees with the teacher on rows it had not seen. The step `classify` scores any number of texts.
    """
    from smoltalk.text_classifier.training import Lesson, train

    _is_ours(out)
    texts, labels = _labelled(run, label, of)
    made = train(Lesson(texts, labels, label, of, cut, bits))
    try:
        made.save(out)
    except OSError as error:
        raise WorldError(f"{error.filename or out}: {error.strerror or error}") from error
    _tell(made, out)


def _is_ours(out: Path) -> None:
    """Raises `UserError` for a folder that holds something, unless that is a classifier to be made anew."""
    from smoltalk.text_classifier.model import ABOUT

    try:
        is_file = out.exists() and not out.is_dir()
        there = {file.name for file in out.iterdir()} if out.is_dir() else set()
    except OSError as error:
        raise WorldError(f"{out} cannot be looked into: {error.strerror}") from error
    if is_file or (there and ABOUT not in there):
        sentence = "is a file, not a folder" if is_file else "holds other files, and no classifier to be made anew"
        raise UserError([Problem("--out", 0, f"{out} {sentence}", "name a new folder: --out FOLDER")])


def _labelled(run: Path, label: str, of: str) -> tuple[list[str], list[float]]:
    """Texts and labels of the accepted rows that have both. Raises `UserError`."""
    from contextlib import closing

    from smoltalk.run import database
    from smoltalk.run.folder import RunFolder
    from smoltalk.run.ledger import read_rows

    texts: list[str] = []
    labels: list[float] = []
    seen: dict[str, Any] = {}
    folder = RunFolder(run)
    folder.must_exist()
    with closing(database.connect(folder.database)) as connection:
        for _, row in read_rows(connection, "accepted"):
            seen |= row
            text, value = row.get(of), row.get(label)
            if isinstance(text, str) and text.strip() and isinstance(value, bool | int | float):
                texts.append(text)
                labels.append(float(value))
    problems = [
        Problem(f"--{option} {name}", 0, f"no accepted row of {run} has this column", nearest(name, seen))
        for option, name in (("label", label), ("of", of))
        if name not in seen
    ]
    if not problems and not labels:
        problems = [Problem(f"--label {label}", 0, f"no row has a number in `{label}` and a text in `{of}`")]
    if problems:
        raise UserError(problems)
    return texts, labels


def _tell(made: "TextClassifier", out: Path) -> None:
    about, said = made.about, made.about.agreement
    say(f"learnt from {count(about.rows, 'text')}; a text is good from {about.cut:g} on")
    say("agreement with the teacher, on texts it had not seen:")
    say(
        "\n".join(
            table([(f"{said[name]:.2f}", what.format(**said)) for name, what in _FIGURES.items()], frozenset({0}))
        )
    )
    if said["best_f1"] <= said["f1_of_all"] or said["spearman"] < 0.2:
        say("it tells little: it needs more labels, or labels that hang on the words of a text")
    say(f"\n  {out}\n\nscore texts with it:  - classify: {{model: {out}, of: {about.of}}}")
