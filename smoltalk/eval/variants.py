"""A mixture and its variants: the whole, and the same with one source or one gate left out, each a pipeline file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from smoltalk.document import parse, read_text
from smoltalk.errors import Problem, UserError, nearest
from smoltalk.mixture.source import wanted
from smoltalk.pipeline import Pipeline, load, settings
from smoltalk.pipeline.labels import labelled_gates
from smoltalk.pipeline.mixes import mixture
from smoltalk.whole_file import write_whole

WHOLE = "whole"
Kind = Literal["whole", "source", "gate"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One mixture that is made, trained on and evaluated."""

    name: str
    """`whole`, or `without-NAME`: also its folder."""
    left_out: str
    """The source or gate; "" for the whole."""
    kind: Kind
    text: str
    """Its pipeline file."""


def variants(path: Path, given: Mapping[str, str], names: Sequence[str] = (), gates: bool = False) -> list[Variant]:
    """The whole mixture first, then one for each source (or gate) left out; `names` chooses some of both.

    Sources keep the rows they have in the whole: shares become the counts they come to there. Raises `UserError`.
    """
    document = parse(read_text(path, "pipeline"), str(path))
    pipeline = load(path, given)
    part = mixture(pipeline)
    if part is None:
        raise UserError([Problem(str(path), 0, "has no `mix:`, so there is nothing in it to leave out")])
    problems = list(settings.apply(given, document))
    assert not problems, "`load` has said them"
    data = document.data
    counts = wanted(part.mix)
    for name, source in data["mix"]["sources"].items():
        if source.pop("share", None) is not None:
            source["count"] = counts[name]
    data["mix"].pop("rows", None)
    labels = [label for label, _ in labelled_gates(pipeline)]
    chosen = _chosen([*data["mix"]["sources"]], labels, names, gates, path)
    return [_variant(data, WHOLE, "", "whole"), *_without(data, labels, chosen)]


def _chosen(
    sources: Sequence[str], gates: Sequence[str], names: Sequence[str], only_gates: bool, path: Path
) -> list[tuple[Kind, str]]:
    there: list[tuple[Kind, str]] = [("source", name) for name in sources] + [("gate", name) for name in gates]
    if names:
        unknown = [name for name in names if name not in {*sources, *gates}]
        if unknown:
            there_are = [*sources, *gates]
            raise UserError(
                Problem("--without", 0, f"no source or gate `{name}` in {path}", nearest(name, there_are))
                for name in unknown
            )
        return [one for one in there if one[1] in names]
    found = [one for one in there if one[0] == ("gate" if only_gates else "source")]
    if only_gates and not found:
        raise UserError([Problem(str(path), 0, "has no gates to leave out")])
    if not only_gates and len(found) < 2:
        raise UserError([Problem(str(path), 0, "has one source: without it nothing is left")])
    return found


def _without(data: dict[str, Any], labels: Sequence[str], chosen: Sequence[tuple[Kind, str]]) -> Iterator[Variant]:
    taken = set[str]()
    for number, (kind, name) in enumerate(chosen, 1):
        rest = deepcopy(data)
        if kind == "source":
            del rest["mix"]["sources"][name]
        else:
            del rest["gates"][labels.index(name)]
        folder = f"without-{_folder_name(name)}"
        folder = f"{folder}-{number}" if folder in taken else folder
        taken.add(folder)
        yield _variant(rest, folder, name, kind)


def _variant(data: Mapping[str, Any], name: str, left_out: str, kind: Kind) -> Variant:
    """JSON with a line for each key, which is YAML too."""
    named = {**data, "name": f"{str(data['name'])[:60]}-{name}".lower()[:100]}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in named.items())
    return Variant(name, left_out, kind, f"{{\n{lines}\n}}\n")


def _folder_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name).lower()


def opened(variant: Variant, folder: Path, beside: Path) -> Pipeline:
    """The variant's pipeline, from a file in `folder`; templates are looked for `beside` the original.

    Raises `UserError` where leaving something out makes it unsound.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pipeline.yaml"
    if not path.exists() or path.read_text(encoding="utf-8") != variant.text:
        write_whole(path, variant.text)
    return load(path, beside=beside)
