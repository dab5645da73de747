"""Charts: what a spec holds is drawn, in the page's colours, and no text of a row can be more than text."""

import dataclasses
import math
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.reporting.charts import COLOURS, NARROW, WIDE, drawn
from smoltalk.reporting.charts_bars import Bar, Piece, bars
from smoltalk.reporting.charts_columns import label_figures, length_figures
from smoltalk.reporting.charts_histogram import histogram
from smoltalk.reporting.charts_page import figures
from smoltalk.reporting.charts_people import people_figures
from smoltalk.reporting.charts_phrases import ratios
from smoltalk.reporting.charts_time import timeline
from smoltalk.reporting.figures import Histogram, Lengths
from smoltalk.reporting.findings import FunnelStage, Origin
from smoltalk.reporting.machinery import Moment
from smoltalk.reporting.page_text import percent, short
from smoltalk.reporting.people import Cuts
from smoltalk.reporting.suspicions import Phrase
from tests.reporting.made_findings import whole
from tests.reporting.made_overview import empty
from tests.reporting.made_people import people
from tests.reporting.made_samples import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"
TWO = (Piece("stay", "accepted"), Piece("left", "rejected"))


def parsed(svg: str) -> ElementTree.Element:
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    return root


def texts(svg: str) -> list[str]:
    return [one.text or "" for one in parsed(svg).iter(f"{SVG}text")]


def titles(svg: str) -> list[str]:
    return [one.text or "" for one in parsed(svg).iter(f"{SVG}title")]


def test_colours_follow_the_page() -> None:
    svg = bars([Bar("a", (3, 1), "4")], TWO, "says")
    assert "var(--accepted)" in svg
    assert "var(--rejected)" in svg
    assert not any(colour in svg for colour in COLOURS.values())


def test_a_chart_grows_with_the_page_and_is_read_aloud() -> None:
    root = parsed(bars([Bar("a", (3, 1), "4")], TWO, 'what "it" <shows>'))
    assert "width" not in root.attrib
    assert root.attrib["viewBox"].split()[2] == str(NARROW)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == 'what "it" <shows>'
    assert parsed(bars([Bar("a", (3,), "3")], TWO[:1], "", WIDE)).attrib["viewBox"].split()[2] == str(WIDE)


def test_bars_have_labels_figures_and_tooltips() -> None:
    svg = bars([Bar("maths", (30, 5), "30 of 35"), Bar("code", (10, 0), "10 of 10")], TWO, "")
    assert {"maths", "code", "30 of 35", "10 of 10"} <= set(texts(svg))
    assert titles(svg) == ["maths: stay 30, left 5", "maths: stay 30, left 5", "code: stay 10, left 0"]


def test_long_labels_keep_their_ends() -> None:
    lines = [Bar(f"The request is clear and {word}.", (3,), "3") for word in ("short", "detailed")]
    shown = [one for one in texts(bars(lines, TWO[:1], "")) if "…" in one]
    assert shown == ["The request…d short.", "The request…etailed."]
    assert titles(bars(lines, TWO[:1], ""))[0].startswith("The request is clear and short.")


def test_two_bars_of_one_label_are_both_shown() -> None:
    assert texts(bars([Bar("same", (3,), "3"), Bar("same", (4,), "4")], TWO[:1], "")).count("same") == 2


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_labels_are_text(text: str) -> None:
    svg = bars([Bar(text, (3,), text[:10])], TWO[:1], text)
    found = {one.tag for one in parsed(svg).iter()}
    assert found <= {f"{SVG}{tag}" for tag in ("svg", "g", "path", "text", "title", "line")}
    assert not [name for one in parsed(svg).iter() for name in one.attrib if name.startswith("on")]
    assert any(text[:3] in one for one in texts(svg)) or "\ud800" in text or "\x00" in text


@given(st.text(max_size=40))
@settings(max_examples=25, deadline=None)
def test_any_label_can_be_drawn(text: str) -> None:
    assert len(texts(bars([Bar(text, (1,), "1")], TWO[:1], text))) >= 1


def test_numbers_that_json_does_not_have() -> None:
    parsed(bars([Bar("a", (10**30, math.nan), "much"), Bar("b", (math.inf, 5e-324), "more")], TWO, ""))


def test_a_histogram_on_a_logarithmic_axis() -> None:
    svg = histogram(Histogram([1, 10, 100, 1000], [5, 9, 2]), "tokens", "", marks=[(20, "median 20")])
    assert {"tokens", "1", "10", "100", "1k", "median 20"} <= set(texts(svg))
    assert titles(svg) == ["1 to 10: 5", "10 to 100: 9", "100 to 1,000: 2"]


def test_a_histogram_that_begins_at_nothing() -> None:
    assert "0" in texts(histogram(Histogram([0, 1, 10, 100], [1, 2, 3]), "words", ""))


def test_rejected_rows_hang_below_the_line() -> None:
    above, below = Histogram([0, 1, 2], [5, 1], "linear"), Histogram([0, 1, 2], [0, 7], "linear")
    svg = histogram(above, "reward", "", below)
    assert "1 to 2: rejected 7" in titles(svg)
    assert "var(--rejected)" in svg
    assert "−" not in "".join(texts(svg))
    assert "var(--rejected)" not in histogram(above, "reward", "", Histogram([0, 1, 2], [0, 0], "linear"))


@pytest.mark.parametrize(
    "odd",
    [
        Histogram([0.0, 1.0], [0]),
        Histogram([5.0, 5.0], [3]),
        Histogram([math.nan, math.inf], [3]),
        Histogram([-2.0, -1.0], [3]),
        Histogram([], []),
    ],
)
def test_odd_histograms_are_drawn_all_the_same(odd: Histogram) -> None:
    parsed(histogram(odd, "x", "", odd, [(math.nan, "never"), (0.5, "half")]))


@pytest.mark.parametrize(
    ("last", "ticks"),
    [(324.0, {"100", "200", "300"}), (45.0, {"10", "40"}), (4_500.0, {"2k", "4k"}), (0.9, {"0.2", "0.8"})],
)
def test_ticks_are_numbers_that_people_write(last: float, ticks: set[str]) -> None:
    svg = histogram(Histogram([0.0, last / 2, last], [3, 4], "linear"), "tokens", "")
    assert ticks <= set(texts(svg))
    assert not [one for one in texts(svg) if "e+" in one]


def test_ticks_of_speed_are_all_of_one_kind() -> None:
    svg = timeline([Moment(float(at), "a", 10, 10, 4, 1.0, 0.0, 0.0, 0, 500.0 * at) for at in range(1, 4)], "")
    assert {"0", "500", "1k"} & set(texts(svg)) >= {"0", "1k"}
    assert not [one for one in texts(svg) if one.startswith("0.") and one.endswith("k")]


def test_words_of_marks_can_be_read_on_bars() -> None:
    """A rim in the paper's colour parts them from bars and lines; no rule is drawn over them."""
    of = Histogram([1.0, 2.0, 3.0], [5, 5], "linear")
    drawn_in_order = [
        (one.tag.removeprefix(SVG), one.get("stroke"), one.text)
        for one in parsed(histogram(of, "n", "", marks=[(2.0, "median 2"), (2.9, "95 %: 2.9")])).iter()
    ]
    words = [
        (stroke, text) for tag, stroke, text in drawn_in_order if tag == "text" and text in ("median 2", "95 %: 2.9")
    ]
    assert words == [
        ("var(--paper)", "median 2"),
        (None, "median 2"),
        ("var(--paper)", "95 %: 2.9"),
        (None, "95 %: 2.9"),
    ]
    first = next(i for i, (_, _, text) in enumerate(drawn_in_order) if text == "median 2")
    assert not [tag for tag, stroke, _ in drawn_in_order[first:] if tag == "line" and stroke == "var(--ink)"]


def test_a_gate_that_turned_nothing_away_says_so() -> None:
    found = dataclasses.replace(whole(), funnel=[FunnelStage("complete", "rejected", 300, 0, [])])
    assert "−0" in texts(str(figures(found)["funnel"][0].narrow))


def test_a_length_is_named_for_people() -> None:
    of = Lengths("tool", "words", 3, 6, 2.0, 2.0, 1.0, 3.0, 3, Histogram([1.0, 2.0, 4.0], [1, 2], "log"))
    assert [one.title for one in length_figures([of])] == ["Tool turns, words"]


@pytest.mark.parametrize(("different", "words"), [(1, "One value alone"), (3, "3 different values")])
def test_labels_are_counted_in_words(different: int, words: str) -> None:
    of = dataclasses.replace(whole().labels[0], different=different)
    assert words in next(label_figures([of])).caption


def test_a_time_line_has_three_rows_and_few_points() -> None:
    moments = [Moment(i, "e", 0, 0, i % 7, 0.5, 0.3, 0.2, "", 10.0) for i in range(2_000)]
    svg = timeline(moments, "")
    assert {"tokens/s", "in flight", "minutes since the start"} <= set(texts(svg))
    assert len(svg) < 30_000
    assert "hours since the start" in texts(timeline([moments[0], Moment(4e4, "e", 0, 0, 1, 1, 0, 0, "", 1)], ""))


def test_phrases_stand_on_both_sides_of_the_reference() -> None:
    phrases = [
        Phrase(name, "vocabulary", "per 1,000 words", 1.0, 1.0, ratio, 3, "", "")
        for name, ratio in (("often", 8.0), ("rare", 0.5), ("unmeasured", None))
    ]
    svg = ratios(phrases, "")
    assert {"often", "rare", "8×", "0.5×", "1×"} <= set(texts(svg))
    assert "unmeasured" not in texts(svg)


def cut_chart(cuts: Cuts) -> str:
    return str(list(people_figures(dataclasses.replace(people(), cuts=[cuts])))[-1].narrow)


def test_a_curve_of_cuts_marks_today_and_the_proposed_one() -> None:
    svg = cut_chart(people().cuts[0])
    assert {"today", "proposed 0.4", "100%", "50%", "reward <b>, at least"} <= set(texts(svg))
    assert titles(svg) == [
        "precision 50 % from 0 on", "precision 70 % from 0.4 on", "recall 100 % from 0 on", "recall 67 % from 0.4 on",
    ]  # fmt: skip
    same = cut_chart(dataclasses.replace(people().cuts[0], proposed=people().cuts[0].now))
    assert "today" in texts(same) and not [text for text in texts(same) if text.startswith("proposed")]


def test_a_curve_of_labels_has_their_words() -> None:
    assert {"poor", "average", "good"} <= set(texts(cut_chart(people().cuts[1])))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_column_of_any_name_has_its_curve(name: str) -> None:
    assert parsed(cut_chart(dataclasses.replace(people().cuts[0], column=name))).attrib["aria-label"]


def test_pending_rows_have_their_own_colour() -> None:
    stage = FunnelStage("human", "pending", 60, 7, [])
    (drawn_,) = figures(dataclasses.replace(whole(), funnel=[stage]))["funnel"]
    assert [piece.name for piece in drawn_.legend] == ["go on", "rejected", "failed", "pending"]
    assert "human (pending)" in texts(str(drawn_.narrow)) and "var(--fifth)" in drawn_.narrow
    assert "var(--fifth)" not in figures(whole())["funnel"][0].narrow


def test_every_section_has_its_charts() -> None:
    drawn_ = figures(whole())
    assert {name for name, some in drawn_.items() if some} == set(drawn_)
    for one in [figure for some in drawn_.values() for figure in some]:
        assert one.caption
        assert parsed(one.narrow).attrib["aria-label"]


def test_nothing_found_gives_no_charts() -> None:
    assert not any(figures(empty()).values())


def test_nothing_is_fetched() -> None:
    spec = {"data": {"url": "http://127.0.0.1:9/x.json"}, "mark": "point", "encoding": {}}
    with pytest.raises(ValueError, match=r"(?i)allow|url|fetch|denied"):
        drawn(spec, "")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (7, "7"), (0.123, "0.12"), (61.54, "61.5"), (1234.5, "1,234"), (45_600, "45.6k"), (2e6, "2M"),
     (math.nan, "–"), (-3.5, "−3.5")],
)  # fmt: skip
def test_short_numbers(value: float, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.0001, "under 0.1 %"), (0.034, "3.4 %"), (0.5, "50 %"), (0.997, "99.7 %"), (1, "100 %")],
)
def test_shares_in_words(share: float, text: str) -> None:
    assert percent(share) == text


def test_rows_beyond_the_share_are_not_drawn_as_turned_away() -> None:
    of = dataclasses.replace(whole(), origins=[Origin("web", 70, 40, 26, 4, beyond=20), Origin("few", 30, 29, 1, 0)])
    (chart,) = figures(of)["origins"]
    assert "40 of 50" in texts(chart.narrow) and "29 of 30" in texts(chart.narrow)
    assert [piece.name for piece in chart.legend] == ["accepted", "rejected", "failed", "beyond the share"]
    assert "without the rows beyond the share" in chart.caption
    (plain,) = figures(whole())["origins"]
    assert "beyond the share" not in plain.caption and len(plain.legend) == 3
