"""A page of figures: sections of charts, tables and samples in one HTML file that asks nothing of the network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from smoltalk.reporting.charts_figure import Figure
from smoltalk.reporting.page_tables import Table
from smoltalk.reporting.page_text import spelt
from smoltalk.whole_file import write_whole

_HERE = Path(__file__).parent
_STYLE = _HERE.parent / "reporting" / "page.css"
_SAMPLE = 4_000
"""Characters of a text that are shown."""


class Sample(NamedTuple):
    """Something to read: named texts."""

    title: str
    parts: Sequence[tuple[str, str]]


class Section(NamedTuple):
    """A part of the page."""

    title: str
    lead: str = ""
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    samples: Sequence[Sample] = ()


class Page(NamedTuple):
    """All of it."""

    title: str
    lead: str
    tiles: Sequence[tuple[str, str]]
    """A figure and what it is of."""
    remarks: Sequence[str]
    sections: Sequence[Section]
    footer: str


def sample(title: str, *parts: tuple[str, str]) -> Sample:
    """A sample whose texts are cut where they are too long for a page."""
    cut = [(name, text if len(text) <= _SAMPLE else f"{text[:_SAMPLE]} …") for name, text in parts]
    return Sample(title[:160], cut)


def html(page: Page) -> str:
    """The whole page; every text goes through jinja2's autoescape."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined,
        loader=FileSystemLoader(_HERE), finalize=_spelt,
    )  # fmt: skip
    style = Markup(_STYLE.read_text(encoding="utf-8"))
    return environment.get_template("page.html.j2").render(**page._asdict(), style=style)


def write(page: Page, path: Path) -> None:
    """Write the page, whole or not at all. Raises `OSError`."""
    write_whole(path, html(page))


def _spelt(value: Any) -> Any:
    """Plain text without characters that act; markup of ours as it is."""
    return spelt(value) if type(value) is str else value
