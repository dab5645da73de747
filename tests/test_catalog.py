"""Names in YAML find their classes, and a wrong name says what there is."""

import sys
from pathlib import Path

import pytest

from smoltalk import catalog
from smoltalk.contracts import Step
from smoltalk.errors import UserError


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that can be imported as `my_own_parts`."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_own_parts", raising=False)
    return tmp_path / "my_own_parts.py"


def test_every_file_is_a_name_and_every_name_one_class() -> None:
    for kind, contract in catalog.KINDS.items():
        for name in catalog.names(kind):
            assert issubclass(catalog.find(kind, name), contract), name


def test_names_do_not_import(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.import_module", lambda name: pytest.fail(f"imported {name}"))
    catalog.names.cache_clear()
    assert "ask" in catalog.names("steps")


@pytest.mark.parametrize("name", ["__init__", "_private", "../steps/ask", "", "ask/../ask", "os"])
def test_only_listed_names_are_imported(name: str) -> None:
    with pytest.raises(UserError, match=r"smoltalk|import path"):
        catalog.find("steps", name)


def test_wrong_name_has_a_hint() -> None:
    with pytest.raises(UserError) as caught:
        catalog.find("steps", "magpei")
    problem = caught.value.problems[0]
    assert (problem.path, problem.line) == ("", 0)
    assert problem.sentence == "no `magpei` in smoltalk/steps/"
    assert problem.hint == "did you mean `magpie`?"


def test_own_step_by_import_path(module: Path) -> None:
    module.write_text(
        "from smoltalk.contracts import Write\n"
        "class Mine(Write):\n"
        "    def reads(self): return frozenset()\n"
        "    def writes(self): return frozenset({'mine'})\n"
        "    async def write(self, row, ask): return {'mine': 1}\n"
        "class Half(Write): ...\n"
    )
    assert issubclass(catalog.find("steps", "my_own_parts.Mine"), Step)
    with pytest.raises(UserError, match=r"`my_own_parts.Half` does not define reads, write, writes"):
        catalog.find("steps", "my_own_parts.Half")
    with pytest.raises(UserError, match=r"`my_own_parts.Mine` is not a smoltalk gate"):
        catalog.find("gates", "my_own_parts.Mine")
    with pytest.raises(UserError, match="did you mean `Mine`"):
        catalog.find("steps", "my_own_parts.Mien")


@pytest.mark.parametrize("text", ["raise SystemExit(3)", "1 / 0", "import no_such_module", "def", "\0"])
def test_module_that_cannot_be_imported_is_a_sentence(module: Path, text: str) -> None:
    module.write_text(text)
    with pytest.raises(UserError, match="cannot import `my_own_parts`"):
        catalog.find("engines", "my_own_parts.Mine")


def test_stock_distilabel_step_leaves_the_traceback_hook_alone() -> None:
    hook = sys.excepthook
    cls = catalog.find("steps", "distilabel.steps.LoadDataFromDicts")
    assert catalog.is_stock(cls) and sys.excepthook is hook
    with pytest.raises(UserError, match="is not a smoltalk gate"):
        catalog.find("gates", "distilabel.steps.LoadDataFromDicts")


def test_data_folder_prefers_the_one_inside_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (catalog.data_folder("templates") / "rate_quality.j2").is_file()
    monkeypatch.setattr(catalog, "_PACKAGE", tmp_path / "smoltalk")
    assert catalog.data_folder("templates") == tmp_path / "templates"
    (tmp_path / "smoltalk" / "_data" / "templates").mkdir(parents=True)
    assert catalog.data_folder("templates") == tmp_path / "smoltalk" / "_data" / "templates"
