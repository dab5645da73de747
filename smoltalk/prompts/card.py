"""The dataset card's template: the shipped one, or a user's own, which may build on it block by block."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, StrictUndefined, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from smoltalk.catalog import data_folder
from smoltalk.document import read_text
from smoltalk.errors import Problem, UserError, nearest

SHIPPED = "dataset.md.j2"
"""What a template of one's own can extend: `{% extends "dataset.md.j2" %}`."""

VARIABLES = frozenset({
    "header", "title", "description", "rows", "makes", "shape", "splits", "sources", "columns", "example",
    "example_cut", "steps", "engines", "prompts", "gates", "ledger", "reasons", "ending", "said", "preferences",
    "decontamination", "licences", "limits", "seed", "settings", "pipeline",
})  # fmt: skip
"""What a card knows: Markdown that no text of a dataset can break out of; `rows` and `seed` are numbers in words."""


def card_text(own: str | None, known: Mapping[str, Any]) -> str:
    """The card. Raises `UserError` where the user's template cannot be read or fails."""
    source = _read(own)
    try:
        return _environment().from_string(source).render(**known)
    except TemplateError as error:
        line = error.lineno if isinstance(error, TemplateSyntaxError) else 0
        raise UserError([Problem(own or SHIPPED, line, f"the card cannot be made: {error.message}")]) from error


def card_problems(own: str) -> Iterator[Problem]:
    """What is wrong with a template of one's own, before anything runs. Raises `UserError` where there is none."""
    source, environment = _read(own), _environment()
    try:
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        yield Problem(own, error.lineno, f"not jinja2: {error.message}")
        return
    for name in sorted(meta.find_undeclared_variables(tree) - VARIABLES - set(environment.globals)):
        lines = [node.lineno for node in tree.find_all(nodes.Name) if node.name == name]
        yield Problem(own, min(lines, default=0), f"a card knows no `{name}`", nearest(name, VARIABLES))
    shipped = {block.name for block in environment.parse(_shipped()).find_all(nodes.Block)}
    extended = list(tree.find_all(nodes.Extends))
    for node in extended:
        if not isinstance(node.template, nodes.Const) or node.template.value != SHIPPED:
            yield Problem(own, node.lineno, f'a card can extend only the shipped one: `{{% extends "{SHIPPED}" %}}`')
    for block in tree.find_all(nodes.Block) if extended else ():
        if block.name not in shipped:
            yield Problem(
                own, block.lineno, f"the shipped card has no block `{block.name}`", nearest(block.name, shipped)
            )
    for other in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport)):
        yield Problem(own, other.lineno, "a card cannot include other files")


def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, loader=DictLoader({SHIPPED: _shipped()})
    )


def _shipped() -> str:
    return (data_folder("templates") / "cards" / SHIPPED).read_text(encoding="utf-8")


def _read(own: str | None) -> str:
    return _shipped() if own is None else read_text(Path(own), "card template")
