"""The page as text: whole, self-contained, and harmless whatever rows say."""

import base64
import dataclasses
import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import vl_convert
from hypothesis import given, settings
from hypothesis import strategies as st

from smoltalk.reporting.figures import Count
from smoltalk.reporting.findings import Findings, Remark, Sample, Turn
from smoltalk.reporting.page import page, write_page
from smoltalk.reporting.page_samples import MOST_BYTES, category_column, samples_json
from smoltalk.reporting.page_tables import tables
from smoltalk.reporting.page_text import span, spelt
from smoltalk.reporting.page_verdicts import SECTIONS
from smoltalk.reporting.remarks import of_run
from tests.reporting.made_findings import whole
from tests.reporting.made_overview import empty, overview
from tests.reporting.made_samples import HOSTILE


class Elements(HTMLParser):
    """Tags, attributes and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._script = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = tag == "script"
        if self._script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts[-1] += data
        else:
            self.text += data


@pytest.fixture(scope="module", autouse=True)
def drawings() -> Iterator[dict[str, str]]:
    """Charts by their specs: each is drawn once, for drawing is most of what a page takes."""
    drawn: dict[str, str] = {}
    draw = vl_convert.vegalite_to_svg

    def drawn_once(spec: object, **fields: object) -> str:
        key = json.dumps([spec, fields], default=str)
        if key not in drawn:
            drawn[key] = draw(spec, **fields)
        return drawn[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vl_convert, "vegalite_to_svg", drawn_once)
        yield drawn


@pytest.fixture(scope="module")
def made(drawings: dict[str, str]) -> str:
    return page(whole())


@pytest.fixture(scope="module")
def elements(made: str) -> Elements:
    return Elements(made)


def test_all_sections_are_there_and_reachable(elements: Elements) -> None:
    ids = {values["id"] for tag, values in elements.tags if tag == "section"}
    assert ids >= set(SECTIONS.values())
    links = {(values["href"] or "")[1:] for tag, values in elements.tags if tag == "a"}
    assert ids <= links
    every = [values["id"] for _, values in elements.tags if "id" in values]
    assert links <= set(every)
    assert len(every) == len(set(every))


def test_headings_go_down_step_by_step(elements: Elements) -> None:
    levels = [int(tag[1]) for tag, _ in elements.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_nothing_is_asked_of_the_network(made: str, elements: Elements) -> None:
    for tag, values in elements.tags:
        assert tag not in ("img", "iframe", "object", "embed", "base", "form")
        assert not values.get("src")
        assert tag == "svg" or (values.get("href") or "#").startswith(("#", "data:,"))
    outside = set(re.findall(r"https?://[^\s\"'<>]+", made.replace(elements.scripts[0], "")))
    assert outside <= {"http://www.w3.org/2000/svg"}
    assert "url(" not in made
    assert "@import" not in made


def test_only_its_own_script_may_run(made: str, elements: Elements) -> None:
    policy = next(v["content"] or "" for tag, v in elements.tags if v.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    digest = base64.b64encode(hashlib.sha256(elements.scripts[1].encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert [v.get("type") for tag, v in elements.tags if tag == "script"] == ["application/json", None]
    assert "innerHTML" not in made
    assert "eval(" not in elements.scripts[1]


def test_what_rows_say_is_text(elements: Elements) -> None:
    for tag, values in elements.tags:
        assert not [name for name in values if name.startswith("on")], tag
    assert {tag for tag, _ in elements.tags}.isdisjoint({"img", "iframe", "i><b", "b<"})
    assert "<img src=x onerror='window.ran = 1'>" in elements.text
    assert "{{ 7 * 7 }}" in json.dumps(json.loads(elements.scripts[0]), ensure_ascii=False)
    assert "49 {% raw" not in elements.text


def test_samples_survive_the_way_through_the_page(elements: Elements) -> None:
    data = json.loads(elements.scripts[0])
    assert data["category"] == "category"
    assert len(data["rows"]) == 60
    for row, text in zip(data["rows"], HOSTILE, strict=False):
        assert row["turns"][1]["text"] == spelt(text)
    assert {row["fate"] for row in data["rows"]} == {"accepted", "rejected", "failed"}


def test_the_json_cannot_leave_its_element() -> None:
    text = str(samples_json(whole()))
    assert not set("<>&\u2028\u2029") & set(text)


@given(st.text(max_size=200), st.text(max_size=50))
@settings(max_examples=60, deadline=None)
def test_any_row_survives_the_way_through_the_page(text: str, name: str) -> None:
    sample = Sample(name, name, "train", "accepted", [Turn("user", text)], 0, [(name, text)], 1)
    found = dataclasses.replace(empty(), samples=[sample])
    row = json.loads(Elements(f"<script>{samples_json(found)}</script>").scripts[0])["rows"][0]
    assert row["turns"][0]["text"] == spelt(text)
    assert row["columns"] == [[spelt(name), spelt(text)]]


def test_control_characters_and_changes_of_direction_are_spelt_out() -> None:
    assert spelt("a\x1b[31m\u202eb\x00\t\r\n\ud800") == "a\\x1b[31m\\u202eb\\x00\t\n\\ud800"
    found = dataclasses.replace(empty(), overview=dataclasses.replace(overview(), name="x\u202ey\x07"))
    made = page(found)
    assert "x\\u202ey\\x07" in made
    assert "\u202e" not in made
    made.encode("utf-8")


def test_huge_texts_leave_a_page_that_opens() -> None:
    huge = Turn("user", "漢" * 2_000_000, cut=5)
    samples = [Sample(str(i), "s", "train", "accepted", [huge] * 3, 0, [("c", "x" * 10**6)], 1) for i in range(50)]
    made = page(dataclasses.replace(empty(), samples=samples))
    assert len(made.encode()) < MOST_BYTES + 200_000
    row = json.loads(Elements(made).scripts[0])["rows"][0]
    assert row["turns"][0]["cut"] > 1_900_000
    assert len(row["columns"][0][1]) == 2_000


def test_the_same_findings_give_the_same_page(made: str, drawings: dict[str, str]) -> None:
    drawings.clear()
    assert page(whole()) == made
    assert len(made.encode()) < 600_000


def test_a_run_that_has_not_begun_has_a_page() -> None:
    ids = {values["id"] for tag, values in Elements(page(empty())).tags if tag == "section"}
    assert ids == {"funnel", "benchmarks", "about"}


def test_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_page(whole(), path)
    before = path.read_bytes()
    broken = dataclasses.replace(whole(), overview=None)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        write_page(broken, path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_no_licence_is_shown_where_the_licence_is(made: str) -> None:
    (remark,) = of_run(dataclasses.replace(overview(), licence="", failed=0), [])
    assert SECTIONS[remark.section] == "about"
    assert "<dt>licence</dt><dd>apache-2.0</dd>" in made


def test_pairs_of_one_length_are_told(made: str) -> None:
    assert whole().pairs is not None
    assert "those of one length counted half" in made


def test_training_rows_come_first() -> None:
    splits = [Count("test", 3), Count("train", 57)]
    (_, table) = tables(dataclasses.replace(whole(), splits=splits))["funnel"]
    assert [row[0] for row in table.rows] == ["train", "test"]


def test_tables_of_four_columns_are_stacked_on_a_phone(made: str) -> None:
    heads = re.findall(r'<table role="table"( class="many")?>\s*<thead.*?</thead>', made, re.S)
    columns = [found.count("<th ") for found in re.findall(r"<thead.*?</thead>", made, re.S)]
    assert [bool(many) for many in heads] == [n > 3 for n in columns]
    assert 4 in columns


def test_words_between_backticks_are_code() -> None:
    remark = Remark("note", "funnel", "`a<b` & `c` stay, one ` alone")
    made = page(dataclasses.replace(empty(), remarks=[remark, Remark("note", "funnel", "`<i>` is code")]))
    assert "`a&lt;b` &amp; `c` stay, one ` alone" in made
    assert "<code>&lt;i&gt;</code> is code" in made


def test_every_field_that_a_remark_may_be_about_has_its_place() -> None:
    fields = {field.name for field in dataclasses.fields(Findings)}
    notes = {"remarks", "length_note", "columns_note", "contamination_note"}
    assert fields - notes <= set(SECTIONS)


def test_long_tables_are_folded_and_empty_columns_left_out() -> None:
    made = tables(whole())
    assert [column.name for column in made["origins"][0].columns] == [
        "source", "born", "accepted", "rejected", "failed", "words a row", "turns a row",
    ]  # fmt: skip
    for some in made.values():
        for table in some:
            assert all(len(row) == len(table.columns) for row in table.rows)


def test_the_category_is_a_column_of_that_name_or_the_first_label() -> None:
    assert category_column(whole()) == "category"
    assert category_column(empty()) == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.21, "4.21 s"), (754.2, "12.6 min"), (9000, "2.5 h"), (5e5, "5.79 days")]
)
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds) == text
