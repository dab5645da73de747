"""Fills the table of docs/deduplication.md from what bench/ measured; a test fills it again and compares."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "deduplication.md"


def main() -> None:
    """Write the table."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print("wrote docs/deduplication.md")


def filled(text: str) -> str:
    """The page with its table as the file says."""
    text, found = re.subn(
        r"(<!-- rivals -->\n).*?(<!-- /rivals -->)", lambda m: f"{m[1]}{rivals()}\n{m[2]}", text, flags=re.S
    )
    assert found == 1, "no block rivals"
    return text


def rivals() -> str:
    """A line for each figure of the measurement `duplicates`, a column for each rival."""
    kept = json.loads((ROOT / "bench" / "results.json").read_text(encoding="utf-8"))
    beside = [one for one in kept if one["measurement"] == "duplicates" and one["rival"] != "our limit"]
    names = list(dict.fromkeys(one["rival"] for one in beside))
    lines: dict[str, dict[str, str]] = {}
    for one in beside:
        what = f"{one['name'].removesuffix(', or ' + one['rival'])} ({one['unit']})"
        lines.setdefault(what, {"ours": f"{one['value']:,g}"})[one["rival"]] = f"{one['rival_value']:,g}"
    table = [f"| measured | ours | {' | '.join(names)} |", f"|---|---:|{'---:|' * len(names)}"]
    table += [f"| {what} | {' | '.join(line[side] for side in ('ours', *names))} |" for what, line in lines.items()]
    return "\n".join(table)


if __name__ == "__main__":
    main()
