"""The house: imports go down only, every outside library has one door, names and sizes keep to the rules."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "smoltalk"
MODULES = sorted(PACKAGE.rglob("*.py"))

FLOORS: list[set[str]] = [
    {"rows", "errors", "text", "redaction", "vectors", "only", "spread", "described", "whole_file", "licences"},
    {
        "contracts",
        "requests",
        "attempts",
        "document",
        "fields",
        "catalog",
        "prompts",
        "records",
        "local_files",
        "sources",
        "asking_step",
        "words",
        "benchmarks",
        "hub_calls",
        "decontamination",
        "duplicates",
        "nano",
        "llama",
        "chat_format",
        "endpoint",
        "serving",
        "placement",
        "transformers_model",
        "constraints",
        "verification",
        "turns",
        "forms",
        "sandbox",
        "tools",
        "cleaning",
        "text_classifier",
        "mixture",
    },
    {"distil", "engines", "steps", "verifiers", "gates"},
    {"pipeline"},
    {"dag"},
    {"run", "deduplication", "review"},
    {"mixing", "reporting", "publishing", "comparison"},
    {"train", "eval"},
    {"cli", "__main__"},
]
"""From the ground up; what stands on one floor may import its own floor and everything below."""

APART = {"engines", "steps", "verifiers", "gates"}
"""Folders of parts: a file in one never imports another file of these folders."""

DOORS: dict[str, set[str]] = {
    "aiohttp": {"endpoint"},
    "distilabel": {"distil"},
    "datasets": {"benchmarks", "steps", "distil", "decontamination", "publishing", "train"},
    "huggingface_hub": {"chat_format", "benchmarks", "hub_calls", "decontamination", "publishing"},
    "httpx": {"review"},
    "jinja2": {"prompts", "chat_format", "benchmarks", "decontamination", "nano", "run", "reporting", "eval", "train"},
    "jsonschema": {"tools"},
    "krippendorff": {"review"},
    "networkx": {"run"},
    "numba": {"words"},
    "pynvml": {"placement"},
    "py3langid": {"constraints"},
    "pyarrow": {
        "run",
        "steps",
        "records",
        "local_files",
        "words",
        "decontamination",
        "duplicates",
        "deduplication",
        "mixture",
        "mixing",
        "reporting",
        "publishing",
        "comparison",
        "train",
    },
    "rich": {"cli"},
    "sentence_transformers": {"transformers_model"},
    "sklearn": {"engines", "text_classifier", "review"},
    "tokenizers": {"llama", "chat_format", "train"},
    "torch": {"train", "transformers_model"},
    "transformers": {"train", "transformers_model"},
    "trl": {"train"},
    "accelerate": {"train"},
    "peft": {"train"},
    "typer": {"cli"},
    "vl_convert": {"reporting"},
    "yaml": {"document", "nano", "redaction", "run", "train"},
}
"""Which parts of the package may import a library."""

ELSEWHERE = PACKAGE / "review" / "server" / "embedded"
"""Runs in an environment that has no `smoltalk`: its modules know only each other, by relative names."""

FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "core", "base", "manager", "managers", "misc"}
HOMES = ("root", "home")
"""Folders whose paths are one machine's business."""
LONGEST = 300
"""Lines; past 250 a file should be asked whether it still holds one idea."""


def part_of(path: Path) -> str:
    """The part of the package a module belongs to: its folder, or its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Full names of everything a module imports, at any depth."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 1 and path.parent == ELSEWHERE:
            continue
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
            assert node.level == 0, f"{path} imports relatively"
    return found


def floor_of(part: str) -> int:
    """The floor a part of the package stands on."""
    return next(i for i, parts in enumerate(FLOORS) if part in parts)


def named(path: Path) -> str:
    """How a module is called in a test's name."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_imports_go_down(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        return
    for name in imports(path):
        if not name.startswith("smoltalk."):
            continue
        other = name.split(".")[1]
        if other == "__version__":
            continue
        assert floor_of(other) <= floor_of(part), f"{named(path)} imports {name}, which stands above it"
        if part in APART and other in APART:
            own = f"smoltalk.{part}.{path.stem}"
            assert name.startswith(own), f"{named(path)} imports {name}: parts do not import parts"


def test_the_floors_are_told_to_contributors() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (\d+) \| (.*) \|$", text.partition("## The floors")[2], re.M)
    named_there = {int(floor): set(re.findall(r"`(\w+)`", row)) - {"Pipeline"} for floor, row in told}
    assert named_there == dict(enumerate(FLOORS))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_library_has_its_door(path: Path) -> None:
    for name in imports(path):
        library = name.split(".")[0]
        if library in DOORS:
            assert part_of(path) in DOORS[library], f"{named(path)} imports {library}; only {DOORS[library]} may"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_modules_say_what_they_are_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    doc = ast.get_docstring(ast.parse(text))
    assert doc, f"{named(path)} has no first line that says what it is for"
    assert not FORBIDDEN_NAMES & {path.stem, path.parent.name}, f"{named(path)} is named after nothing"
    assert text.count("\n") <= LONGEST, f"{named(path)} holds more than one idea"


@pytest.mark.parametrize(
    "module",
    ["smoltalk.cli", "smoltalk.pipeline", "smoltalk.catalog", "smoltalk.benchmarks"],
)
def test_imported_late(module: str) -> None:
    """What `--help` and `check` load must not pull in what only a run needs."""
    heavy = {"distilabel", "datasets", "torch", "transformers", "pandas", "pyarrow", "numpy", "numba"}
    program = f"import {module}, sys; print(' '.join(sorted({heavy!r} & set(sys.modules))))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == ""


def test_no_paths_of_a_machine() -> None:
    for path in [*MODULES, *ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md"), ROOT / "Makefile"]:
        if path.exists():
            text = path.read_text(encoding="utf-8")
            found = [home for home in HOMES if f"/{home}/" in text]
            assert not found, f"{named(path)} names a path of a machine"


def test_makefile_is_small() -> None:
    targets = [
        line.split(":")[0]
        for line in (ROOT / "Makefile").read_text().splitlines()
        if line[:1].isalpha() and ":" in line and "=" not in line.split(" ##")[0]
    ]
    assert 0 < len(targets) <= 12
