"""The page in a browser: opened from disk, searched, filtered, turned dark, and not run by what rows say."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smoltalk.reporting.page import write_page
from tests.reporting.made_findings import whole

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium here: apt install chromium")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    write_page(whole(), file)
    return file


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=[*root, "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture
def tab(browser: Any, path: Path) -> Iterator[Any]:
    """The page, opened from disk; at the end nothing was asked of the network and nothing was complained of."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(path.as_uri())
    yield page
    ran = page.evaluate("window.ran")
    page.close()
    assert [url for url in asked if url != path.as_uri() and url != "data:,"] == []
    assert complaints == []
    assert ran is None


def rows(tab: Any) -> int:
    return int(tab.locator("#list button").count())


def shown(tab: Any) -> str:
    return str(tab.locator("#shown").inner_text())


def test_it_opens_with_its_rows(tab: Any) -> None:
    assert tab.title() == "made by <hand>: what is in it"
    assert rows(tab) == 60
    assert "60 rows" in tab.locator("#count").inner_text()
    assert tab.locator("figure svg:visible").count() >= 14


def test_hostile_rows_are_shown_as_text(tab: Any) -> None:
    for number in range(8):
        tab.locator("#list button").nth(number).click()
        assert tab.locator("#shown img, #shown script, #shown svg, #shown style, #shown a").count() == 0
    tab.locator("#list button").nth(0).click()
    assert "</script><script>window.ran = 1</script>" in shown(tab)
    tab.locator("#list button").nth(4).click()
    assert "\\u202eright to left" in shown(tab)


def test_search_narrows_and_marks(tab: Any) -> None:
    tab.fill("#search", "number 1024")
    assert rows(tab) == 1
    assert "1 of 60 rows" in tab.locator("#count").inner_text()
    assert "Question 32 about the" in shown(tab)
    assert tab.locator("#shown mark").first.inner_text() == "number 1024"
    tab.fill("#search", "no row says this")
    assert rows(tab) == 0
    assert "No row is like this" in shown(tab)
    tab.fill("#search", "")
    assert rows(tab) == 60


def test_filters_go_together(tab: Any) -> None:
    tab.select_option("#fate", "accepted")
    assert rows(tab) == 50
    tab.select_option("#source", "books")
    assert rows(tab) == 17
    tab.select_option("#category", "math")
    assert rows(tab) == 17
    tab.select_option("#category", "code")
    assert rows(tab) == 0


def test_a_rejected_row_says_why(tab: Any) -> None:
    tab.select_option("#fate", "rejected")
    tab.select_option("#gate", "near_duplicate")
    tab.locator("#list button").nth(1).click()
    text = shown(tab)
    assert "rejected by near_duplicate: too_alike_2" in text
    assert "similarity" in text
    assert "0.93" in text
    assert "3 more turns" in text
    tab.select_option("#gate", "")
    tab.select_option("#fate", "failed")
    assert "failed in answer: too_alike_0" in shown(tab)


def test_clicking_and_keys_go_through_the_rows(tab: Any) -> None:
    tab.locator("#list button").nth(20).click()
    assert "Question 20 about" in shown(tab)
    tab.keyboard.press("j")
    assert "Question 21 about" in shown(tab)
    tab.keyboard.press("ArrowDown")
    assert "Question 22 about" in shown(tab)
    tab.keyboard.press("k")
    assert tab.locator("#list button[aria-current]").inner_text().startswith("Question 21 about")
    tab.click("#next")
    assert "23 of 60" in tab.locator("#place").inner_text()
    tab.click("#previous")
    assert "22 of 60" in tab.locator("#place").inner_text()
    tab.keyboard.press("/")
    tab.keyboard.type("j")
    assert tab.input_value("#search") == "j"


def background(tab: Any) -> str:
    return str(tab.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_light_and_dark(tab: Any) -> None:
    light = background(tab)
    tab.emulate_media(color_scheme="dark")
    dark = background(tab)
    assert light != dark
    bar = "getComputedStyle(document.querySelector('#funnel svg path')).fill"
    in_dark = tab.evaluate(bar)
    tab.click("#theme")
    assert background(tab) == light
    assert tab.evaluate(bar) != in_dark
    assert tab.locator("#theme").inner_text() == "Dark"


def test_what_people_said_is_drawn_and_read(tab: Any) -> None:
    people = tab.locator("#people")
    assert people.locator("figure svg:visible").count() == 5
    words = people.locator("svg text").all_text_contents()
    assert {"today", "proposed 0.4", "poor", "average", "good"} <= set(words)
    tab.evaluate("document.querySelectorAll('#people details').forEach((one) => { one.open = true; })")
    assert people.locator("blockquote *:not(mark), blockquote mark *").count() == 0
    assert "</script><script>window.ran = 1</script>" in people.locator("mark").first.inner_text()
    assert "\\u202eright to left" in people.inner_text()
    tab.locator("nav a", has_text="People").click()
    assert people.evaluate("(one) => Math.abs(one.getBoundingClientRect().top) < innerHeight")


@pytest.mark.parametrize("width", [360, 768])
def test_no_sideways_scrolling(tab: Any, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    tab.select_option("#fate", "rejected")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    wide = """[...document.querySelectorAll('main *')].filter((one) => !one.closest('svg, pre, .table, select')
      && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 80))"""
    assert tab.evaluate(wide) == []


def test_everything_can_be_reached_by_keyboard_and_has_a_name(tab: Any) -> None:
    unnamed = """[...document.querySelectorAll('button, input, select, svg, section, nav')].filter((one) =>
      !(one.innerText || '').trim() && !one.getAttribute('aria-label') && !one.closest('label')
      && !one.getAttribute('aria-labelledby')).map((one) => one.outerHTML.slice(0, 80))"""
    assert tab.evaluate(unnamed) == []
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const shares = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((v) => v / 255);
  };
  const straight = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [r, g, b] = shares(colour).map(straight);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = (one) => {
    const found = one ? getComputedStyle(one).backgroundColor : 'white';
    return found === 'rgba(0, 0, 0, 0)' ? behind(one.parentElement) : found;
  };
  const all = 'h1, h2, h3, p, a, small, b, li, td, th, figcaption, dt, dd, button:not(:disabled), summary, label';
  return [...document.querySelectorAll(all)].filter((one) => {
    if (!one.innerText || !one.offsetParent) return false;
    const [low, high] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => x - y);
    return (high + .05) / (low + .05) < 4.5;
  }).map((one) => one.outerHTML.slice(0, 90));
}"""
"""Elements whose letters stand out less than WCAG 2.2 AA asks."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(tab: Any, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)
    assert tab.evaluate(CONTRAST) == []


def test_printed_it_shows_everything_but_the_controls(tab: Any) -> None:
    tab.emulate_media(media="print")
    assert not tab.locator("#theme").is_visible()
    assert not tab.locator(".filters").is_visible()
    assert tab.locator("#shown").is_visible()
    assert tab.locator("#engines").is_visible()
