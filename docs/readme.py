"""Fills the README's blocks that are somebody else's word: a pipeline, what a command prints, books, measurements.

Each stands between `<!-- name -->` and `<!-- /name -->`; a test fills them again and compares.
"""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def main() -> None:
    """Write the blocks."""
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
    print("wrote README.md")


def filled(text: str) -> str:
    """The README with its blocks as they are now."""
    blocks = {
        "quickstart": quickstart(), "broken": broken(), "books": books(), "killed": killed(), "planted": planted(),
        "bench": bench(),
    }  # fmt: skip
    for name, block in blocks.items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text, found = re.subn(marks, lambda m, block=block: f"{m[1]}{block}\n{m[2]}", text, flags=re.S)
        assert found == 1, f"README.md has no block {name}"
    return text


def quickstart() -> str:
    """The pipeline, whole."""
    return fenced((ROOT / "pipelines" / "quickstart.yaml").read_text(encoding="utf-8").strip(), "yaml")


def broken() -> str:
    """What `check` says of the broken example."""
    from smoltalk.errors import UserError
    from smoltalk.pipeline import load

    path = Path("docs/broken-example.yaml")
    try:
        load(ROOT / path)
    except UserError as error:
        said = str(error).replace(str(ROOT / path), str(path))
        return fenced(f"$ smoltalk check {path}\n{said}")
    raise AssertionError("the broken example is not broken")


def books() -> str:
    """The ledger of the run that docs/one-row.md is from."""
    kept = json.loads((ROOT / "docs" / "one-row.json").read_text(encoding="utf-8"))
    return fenced(kept["ledger"].strip("\n"))


def killed() -> str:
    """The ledger of a run that was killed and gone on with."""
    kept = json.loads((ROOT / "docs" / "one-row.json").read_text(encoding="utf-8"))
    return fenced(kept["killed"])


def planted() -> str:
    """What the commands for data made elsewhere said of a dataset with planted benchmark items."""
    from decontaminate import transcript

    return fenced(transcript())


def bench() -> str:
    """The measurements, as `make bench` left them: of `check` the slowest; shares of what is found have own pages."""
    from benchmarks import RESULTS, table

    found = [one for one in json.loads(RESULTS.read_text(encoding="utf-8")) if one["unit"] != "%"]
    checks = [one for one in found if one["name"].startswith("smoltalk check")]
    slowest = max(checks, key=lambda one: one["value"])
    return str(table([one for one in found if one not in checks or one is slowest]))


def fenced(text: str, language: str = "") -> str:
    """A code block."""
    return f"```{language}\n{text}\n```"


if __name__ == "__main__":
    main()
