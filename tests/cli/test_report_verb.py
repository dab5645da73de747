"""`smoltalk report`: a run's page, where it is written, and what is said of it."""

import webbrowser
from pathlib import Path

import pytest

from smoltalk.cli.report import beside
from smoltalk.run.folder import RunFolder
from smoltalk.words.compiling import SENTENCE
from tests.cli.conftest import Said, Smoltalk


def complaints(said: Said) -> str:
    """What was said on stderr, but for what the first call on a machine says."""
    return said.err.replace(f"{SENTENCE}\n", "")


def test_a_run_gets_its_page(smoltalk: Smoltalk, here: Path) -> None:
    smoltalk("run", "six.yaml")
    said = smoltalk("report", "runs/six")
    assert (said.code, complaints(said)) == (0, "")
    assert said.out.startswith("runs/six/report.html  ")
    assert "The books balance" in said.out
    page = (here / "runs/six/report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "<h1>six</h1>" in page


def test_elsewhere_and_opened(smoltalk: Smoltalk, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: not opened.append(address))
    smoltalk("run", "six.yaml")
    assert smoltalk("report", "runs/six", "--out", "page.html", "--open").code == 0
    assert opened == [(here / "page.html").resolve().as_uri()]
    assert not (here / "runs/six/report.html").exists()


def test_without_a_browser(smoltalk: Smoltalk, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    smoltalk("run", "six.yaml")
    said = smoltalk("report", "runs/six", "--open")
    assert (said.code, complaints(said)) == (0, "no browser could be opened; the page is runs/six/report.html\n")


def test_another_reference(smoltalk: Smoltalk, here: Path) -> None:
    smoltalk("run", "six.yaml")
    said = smoltalk("report", "runs/six", "--reference", "runs/six")
    assert said.code == 0
    said = smoltalk("report", "runs/six", "--reference", "nowhere.jsonl")
    assert said.code == 2
    assert "nowhere.jsonl" in said.err


def test_mistakes_are_told_before_anything_is_read(smoltalk: Smoltalk, here: Path) -> None:
    assert "no run.db" in smoltalk("report", "nowhere").err
    smoltalk("run", "six.yaml")
    said = smoltalk("report", "runs/six", "--out", "runs")
    assert (said.code, said.err) == (2, "--out  runs is a folder\n    name a file in it: --out runs/report.html\n")
    said = smoltalk("report", "runs/six", "--out", "no/such/page.html")
    assert (said.code, said.err) == (2, "--out  there is no folder no/such\n    mkdir -p no/such\n")


def test_a_page_that_cannot_be_made_does_not_spoil_the_run(smoltalk: Smoltalk, here: Path) -> None:
    smoltalk("run", "six.yaml")
    folder = RunFolder(here / "runs/six")
    assert beside(folder) == str(here / "runs/six/report.html")
    for file in folder.data.iterdir():
        file.write_bytes(b"PAR1 no more")
    assert beside(folder).startswith("no report: ")
