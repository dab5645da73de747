"""The only door to the plotting library: a Vega-Lite spec in, an SVG out that follows the page's light and dark."""

import math
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from smoltalk.reporting.page_text import spelt

NARROW, WIDE = 340, 720
"""Widths in pixels at which charts are drawn: a phone or a column of the page, and the page's whole width. Letters then
have about the size of the page's own."""

_NAMES = ("ink", "soft", "line", "paper", "accepted", "rejected", "failed", "third", "fourth", "fifth", "pale")
COLOURS: Mapping[str, str] = {name: f"#0101{place:02d}" for place, name in enumerate(_NAMES)}
"""What a spec writes for a colour of the page's style: a stand-in that no plot would choose, made `var(--name)` in the
SVG. `accepted`, `rejected`, `third`, `fourth`, `fifth` are also the first five colours of things without a meaning."""

SERIES = tuple(COLOURS[name] for name in ("accepted", "rejected", "third", "fourth", "fifth", "failed"))
"""Colours for engines, sources and the like, in their order; told apart in all common kinds of colour blindness."""

_CONFIG: Mapping[str, Any] = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": COLOURS["soft"], "titleColor": COLOURS["soft"], "titleFontWeight": "normal",
        "gridColor": COLOURS["line"], "domainColor": COLOURS["line"], "tickColor": COLOURS["line"],
        "labelFontSize": 11, "titleFontSize": 11, "labelLimit": 130, "tickSize": 4, "titlePadding": 6,
    },
    "text": {"color": COLOURS["ink"], "fontSize": 11},
    "header": {"labelColor": COLOURS["ink"], "labelFontSize": 12, "title": None},
}  # fmt: skip
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_STAND_IN = re.compile(r"#0101(\d\d)")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}(?:e-?\d+)?")
_SVG = "http://www.w3.org/2000/svg"
_DROPPED = {"class", "role", "aria-roledescription", "aria-hidden", "pointer-events", "stroke-miterlimit"}
_USUAL = {"opacity": "1", "stroke-width": "1", "font-family": "system-ui, sans-serif"}
"""Attributes said once, by the page's style."""
_PRINTABLE = re.compile("[ -~]*")
_LONGEST = 200
_WHOLE = 2**53
"""Larger integers JavaScript does not have."""


def drawn(spec: Mapping[str, Any], says: str, width: int | None = NARROW, height: int | None = 180) -> Markup:
    """The chart as inline SVG of `width` x `height` pixels that grows and shrinks with the page.

    Without them the spec says how large its pieces are.
    `says` is read to those who do not see it. A mark's `description` becomes its tooltip. The spec must hold its data;
    nothing is fetched.
    """
    import vl_convert

    size = {"width": width, "height": height, "autosize": {"type": "fit", "contains": "padding"}} if width else {}
    words: dict[str, str] = {}
    whole = _writable({"$schema": _SCHEMA, **size, "padding": 4, **spec}, words)
    svg = vl_convert.vegalite_to_svg(whole, config=dict(_CONFIG), allowed_base_urls=[])
    return Markup(_themed(svg, says, {name: spelt(text) for text, name in words.items()}))


def _writable(value: Any, words: dict[str, str]) -> Any:
    """The spec as the library is given it: numbers that JSON has, and no text but printable ASCII.

    The library aborts the process on some control characters; whatever else is text is drawn as a stand-in of its
    length, noted in `words`, and put back into the SVG.
    """
    if isinstance(value, str):
        if _PRINTABLE.fullmatch(value):
            return value
        return words.setdefault(value, f"~{len(words)}~".ljust(min(len(value), _LONGEST), "~"))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and abs(value) > _WHOLE:
        return float(value)
    if isinstance(value, Mapping):
        return {key: _writable(item, words) for key, item in value.items()}
    return [_writable(item, words) for item in value] if isinstance(value, list | tuple) else value


def _themed(svg: str, says: str, words: Mapping[str, str]) -> str:
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    _bare(root)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib.update({"role": "img", "aria-label": spelt(says)})
    for element in root.iter():
        element.text = words.get(element.text or "", element.text)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _bare(element: ElementTree.Element) -> None:
    """Take out what shows nothing, shorten numbers, and turn descriptions of marks into tooltips."""
    told = element.attrib.pop("aria-label", "")
    for name, value in list(element.attrib.items()):
        if name in _DROPPED or _USUAL.get(name) == value:
            del element.attrib[name]
        elif name in ("d", "transform", "x2", "y2", "fill", "stroke"):
            element.set(name, _STAND_IN.sub(_variable, _LONG_NUMBER.sub(_short, value)))
    for child in list(element):
        if child.get("display") == "none" or child.get("class") in ("background", "foreground"):
            element.remove(child)
            continue
        is_mark = child.get("role") == "graphics-symbol" and child.get("aria-roledescription") != "axis"
        if not is_mark:
            child.attrib.pop("aria-label", None)
        _bare(child)
    if told and element.tag != f"{{{_SVG}}}g":
        title = ElementTree.Element(f"{{{_SVG}}}title")
        title.text = told
        element.insert(0, title)
    for child in [one for one in element if one.tag == f"{{{_SVG}}}g" and not len(one)]:
        element.remove(child)


def _variable(found: re.Match[str]) -> str:
    return f"var(--{_NAMES[int(found[1])]})"


def _short(found: re.Match[str]) -> str:
    return f"{float(found[0]):.1f}".removesuffix(".0")
