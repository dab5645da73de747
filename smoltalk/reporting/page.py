"""Findings in, one HTML page out: style, script, charts and samples inside it, nothing asked of the network.

The page's Content-Security-Policy allows its own script by hash and no other; every text from a row, a model or a file
goes through jinja2's autoescape, or through JSON that the script shows as text.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from smoltalk.reporting.charts_page import figures
from smoltalk.reporting.findings import Findings, Remark
from smoltalk.reporting.page_people import people_tables, people_words
from smoltalk.reporting.page_samples import category_column, samples_json
from smoltalk.reporting.page_tables import tables
from smoltalk.reporting.page_text import percent, short, span, spelt
from smoltalk.reporting.page_verdicts import SECTIONS, judged_columns, too_few, verdicts
from smoltalk.whole_file import write_whole

_HERE = Path(__file__).parent
_TITLES = {
    "funnel": "From born to accepted",
    "origins": "Sources",
    "samples": "Rows to look at",
    "lengths": "Lengths",
    "columns": "Columns",
    "judges": "Judges",
    "people": "People",
    "duplicates": "Duplicates",
    "benchmarks": "Benchmarks",
    "phrases": "Tell-tale phrases",
    "diversity": "Diversity",
    "languages": "Languages",
    "pairs": "Pairs",
    "engines": "Engines and time",
    "about": "How it was made",
}


class Section(NamedTuple):
    """A part of the page."""

    id: str
    title: str


def page(of: Findings) -> str:
    """The whole page. The same findings give the same page."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined,
        loader=FileSystemLoader(_HERE), finalize=_spelt,
    )  # fmt: skip
    environment.filters |= {"n": _thousands, "coded": _coded, "percent": percent, "short": short, "span": span}
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    return environment.get_template("page.html.j2").render(
        f=of, o=of.overview, judges=_judges(of), verdicts=verdicts(of),
        remarks=_remarks(of), sections=_sections(of), figures=figures(of),
        tables={**tables(of), **people_tables(of)}, samples=samples_json(of), category=category_column(of),
        people=people_words(of.people) if of.people else None, script=Markup(script), hash=_hash(script),
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
    )  # fmt: skip


def write_page(of: Findings, path: Path) -> None:
    """Write the page, whole or not at all. Raises `OSError`."""
    write_whole(path, page(of))


def _sections(of: Findings) -> list[Section]:
    there = {
        "origins": len(of.origins) > 1 or of.overview.is_mixture,
        "samples": bool(of.samples or of.turned_away),
        "lengths": bool(of.lengths),
        "columns": bool(of.labels or of.numbers),
        "judges": bool(of.labels or of.numbers or of.degenerate),
        "duplicates": of.duplicates is not None,
        "phrases": of.phrases is not None,
        "diversity": of.diversity is not None,
        "languages": of.languages is not None,
        "pairs": of.pairs is not None,
        "people": of.people is not None,
        "engines": bool(of.engines or of.steps),
    }
    return [Section(name, title) for name, title in _TITLES.items() if there.get(name, True)]


def _judges(of: Findings) -> str:
    """What is said of judges where none is dull."""
    if not judged_columns(of):
        return "No column was judged by a model or a verifier."
    return f"{few}." if (few := too_few(of)) else "Every judged column tells rows apart."


def _remarks(of: Findings) -> list[tuple[Remark, str]]:
    """Remarks, the gravest first, each with its section, where the page has it."""
    there = {section.id for section in _sections(of)}
    ordered = sorted(of.remarks, key=lambda one: ("alarm", "warning", "note").index(one.level))
    places = ((one, SECTIONS.get(one.section, "")) for one in ordered)
    return [(one, place if place in there else "") for one, place in places]


def _spelt(value: Any) -> Any:
    """What jinja2 writes: plain text without characters that act; markup of ours as it is."""
    return spelt(value) if type(value) is str else value


def _coded(sentence: str) -> Markup:
    """A sentence whose `words` between backticks are code."""
    parts = [escape(spelt(part)) for part in sentence.split("`")]
    if len(parts) % 2 == 0:
        return Markup("`").join(parts)
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


def _thousands(value: float) -> str:
    return f"{value:,}"


def _hash(script: str) -> str:
    """The script's hash as a Content-Security-Policy writes it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
