"""Fills the tables of docs/decontamination.md from what bench/ measured; a test fills them again and compares."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "decontamination.md"
_GROUPS = {
    "surface": "surface and position, mean",
    "light": "light edits, mean",
    "heavy": "heavier edits, mean",
    "ordinary": "ordinary rows",
    "hard": "hard rows",
}


def main() -> None:
    """Write the tables."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print("wrote docs/decontamination.md")


def filled(text: str) -> str:
    """The page with its tables as the files say."""
    for name, block in {"evidence": evidence(), "quality": quality(), "meaning": meaning(), "cost": cost()}.items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text, found = re.subn(marks, lambda m, block=block: f"{m[1]}{block}\n{m[2]}", text, flags=re.S)
        assert found == 1, f"no block {name}"
    return text


def evidence() -> str:
    """A row that holds an item, as the command writes it."""
    row = json.loads((ROOT / "docs" / "decontaminate.json").read_text(encoding="utf-8"))["evidence"]
    return f"```json\n{json.dumps(row, indent=1, ensure_ascii=False)}\n```"


def quality() -> str:
    """Recall of each variant and false positives of each kind of row, by method."""
    kept = json.loads((ROOT / "bench" / "contamination.json").read_text(encoding="utf-8"))
    methods = list(kept["groups"]["surface"])
    lines: list[Sequence[str]] = [("rows", *methods), ("---", *["---:"] * len(methods))]
    for group, title in _GROUPS.items():
        kinds = {name: rates for name, rates in kept["kinds"].items() if rates["group"] == group}
        rows = sum(rates["rows"] for rates in kinds.values())
        lines.append((f"**{title}** ({rows:,})", *(f"**{_share(kept['groups'][group][m])}**" for m in methods)))
        if len(kinds) > 1:
            lines += [(_titled(name, rates), *(_share(rates[m]) for m in methods)) for name, rates in kinds.items()]
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", _said(kept)])


def _said(kept: dict[str, Any]) -> str:
    tuned = kept["on_the_items_thresholds_were_chosen_on"]
    return (
        "The first three groups should be high, the last two low. On the items that thresholds were chosen on, ours\n"
        f"finds {_share(tuned['surface'])}, {_share(tuned['light'])} and {_share(tuned['heavy'])} % of all rows of the "
        f"three groups.\n{kept['overlaps_left_out']} rows were left out as true copies; {kept['items']:,} items are "
        "looked for."
    )


def _titled(name: str, rates: dict[str, Any]) -> str:
    return f"{name.replace('_', ' ')} ({rates['rows']:,})"


def _share(per_cent: float) -> str:
    return f"{per_cent:.2f}" if per_cent < 1 else f"{per_cent:.1f}"


def meaning() -> str:
    """What the embedding stage alone finds, by variant."""
    kept = json.loads((ROOT / "bench" / "contamination_meaning.json").read_text(encoding="utf-8"))
    kinds, ordinary = kept["kinds"], kept["ordinary"]
    lines: list[Sequence[str]] = [
        (
            "edited copies",
            *(_titled(name, one) for name, one in kinds.items()),
            f"ordinary rows ({ordinary['rows']:,})",
        ),
        ("---", *["---:"] * (len(kinds) + 1)),
        ("before the judge (%)", *(_share(one["brought"]) for one in (*kinds.values(), ordinary))),
        ("of those that words miss (%)", *(_share(one["brought_of_those"]) for one in kinds.values()), ""),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cost() -> str:
    """What the measurement `contamination` kept about speed and memory."""
    kept = json.loads((ROOT / "bench" / "results.json").read_text(encoding="utf-8"))
    lines = ["| what | ours | beside | unit | ratio |", "|---|---:|---:|---|---:|"]
    for one in kept:
        if one["measurement"] == "contamination" and one["unit"] != "%":
            rival = f"{one['rival_value']:,g} ({one['rival']})"
            lines.append(f"| {one['name']} | {one['value']:,g} | {rival} | {one['unit']} | {one['ratio']:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
