"""A reviewer at the screen: Argilla's own pages in Chromium, read and answered as a person would; all that they do is
written down."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ALLOWED = "https://fonts.googleapis.com/"
"""The one host outside that Argilla's pages ask, for their typeface. It is not reached here."""
PLANTED = "planted"
"""In every address that hostile rows name."""
_PATIENCE = 90_000
"""Milliseconds until something that should be on the page is missed."""


@dataclass
class Reviewer:
    """Somebody who is signed in."""

    page: Any
    url: str
    outside: list[str] = field(default_factory=list)
    """Addresses outside the server that the pages asked for, and those that a row planted."""
    alarms: list[str] = field(default_factory=list)
    """Dialogs and errors of scripts."""
    screens: str | None = os.environ.get("SMOLTALK_SCREENSHOTS")
    """A folder for pictures of what is seen; none are taken without."""

    def open(self, dataset: str) -> None:
        """Go to a dataset's first record, by the list of all."""
        if "/dataset/" in self.page.url:
            self.page.get_by_text("Home", exact=True).first.click()
        self.page.get_by_text(dataset, exact=True).first.click()
        self.page.wait_for_selector(".record__content")
        self.page.wait_for_selector("[aria-label^='Question:']")

    def picture(self, name: str) -> None:
        """Keep what is on the screen, for people to look at."""
        if self.screens:
            self.page.screenshot(path=Path(self.screens) / f"{name}.png")

    def record(self) -> str:
        """The server's name of the record that is shown."""
        found = self.page.locator("[id^='fields-content-']").first.get_attribute("id")
        return str(found)[-36:]

    def texts(self, title: str) -> list[str]:
        """What is written in a field: its turns, or its one text."""
        chats = self.page.locator(".chat", has=self.page.get_by_text(title, exact=True))
        if chats.count():
            return [str(one) for one in chats.first.locator(".chat__bubble > span").all_text_contents()]
        boxes = self.page.locator(".text_field_component", has=self.page.get_by_text(title, exact=True))
        return [str(one) for one in boxes.locator(".content-area > div").all_text_contents()]

    def prefilled(self, question: str = "text") -> str:
        """What stands in the box of a question."""
        return str(self.page.locator(f"[aria-label='Question: {question}'] [contenteditable]").first.text_content())

    def choose(self, question: str, value: str) -> None:
        """Click a label or a number of stars."""
        self.page.locator(f"label[for='{question}_{value}']").click()

    def write(self, question: str, text: str) -> None:
        """Put a text in place of what stands in a box."""
        self.page.locator(f"[aria-label='Question: {question}'] [contenteditable]").first.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def press(self, button: str, last: bool = False) -> None:
        """`submit`, `discard` or `draft`; then the next record is there, unless this was the last."""
        before = self.record()
        with self.page.expect_response(_answers) as told:
            self.page.locator(f"button.button--{button}").click()
        assert told.value.ok, told.value.text()
        if not last and button == "draft":  # a draft stays on the screen
            self.page.locator("[aria-label^='Next']").click()
        if not last:
            self._after(before)

    def following(self) -> None:
        """Leaf to the next record."""
        before = self.record()
        self.page.locator("[aria-label^='Next']").click()
        self._after(before)

    def hacked(self) -> list[Any]:
        """What hostile rows would have set, in every frame there is: nothing, if none of them ran."""
        found = [frame.evaluate("window.hacked") for frame in self.page.frames]
        return [one for one in found if one is not None]

    def _after(self, record: str) -> None:
        there = "id => { const f = document.querySelector('[id^=fields-content-]'); return f && !f.id.endsWith(id) }"
        self.page.wait_for_function(there, arg=record)


def _answers(response: Any) -> bool:
    return response.request.method in ("POST", "PUT") and "/responses" in response.url


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, with nobody signed in; skips where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
    with api.sync_playwright() as playwright:
        program = _program(playwright)
        if program is None:
            pytest.skip("no Chromium on this machine: apt-get install chromium, or playwright install chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def signed_in(browser: Any, url: str, name: str, password: str) -> Reviewer:
    """Somebody with a window of their own."""
    context = browser.new_context(viewport={"width": 1500, "height": 1000})
    context.set_default_timeout(_PATIENCE)
    somebody = Reviewer(context.new_page(), url)
    _watch(context, somebody)
    page = somebody.page
    page.goto(f"{url}/")
    page.locator("input[type=password]").fill(password)
    page.locator("input:not([type=password])").first.fill(name)
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda where: "sign-in" not in where)
    return somebody


def _watch(context: Any, somebody: Reviewer) -> None:
    """Nothing leaves this machine; what wanted to is written down."""

    def asked(route: Any) -> None:
        where = route.request.url
        inside = where.startswith((somebody.url + "/", "data:", "blob:"))
        if not inside or PLANTED in where:
            somebody.outside.append(where)
        if inside:
            route.continue_()
        else:
            route.abort()

    def alarm(dialog: Any) -> None:
        somebody.alarms.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    context.route("**/*", asked)
    somebody.page.on("dialog", alarm)
    somebody.page.on("pageerror", lambda error: somebody.alarms.append(f"error: {error}"))


def _program(playwright: Any) -> str | None:
    """The system's Chromium, or playwright's own."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    own = str(playwright.chromium.executable_path)
    return own if Path(own).exists() else None
